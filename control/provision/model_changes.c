#include "model_changes.h"

#include <stdlib.h>
#include <string.h>

#include "model_export.h"
#include "text_format.h"

/* A longer value is cut: who wants all of it compares two exports. */
#define VALUE_BYTES_MAX 300

struct finder {
	struct model_changes *changes;
	struct model_changes_limit limit;
};

/* ---- values ---- */

static json_t *make_value(const struct model_schema_row *row, const void *object)
{
	const void *member = (const char *)object + row->offset;
	bool is_number =
		row->type == MODEL_SCHEMA_INTEGER || row->type == MODEL_SCHEMA_BOOL || row->type == MODEL_SCHEMA_CHOICE;
	if (!is_number && !row->fallback_text && model_compare_is_default(row, member))
		return json_null();
	char *text = NULL;
	if (model_export_value(&text, row, member) != STATUS_OK)
		return NULL;
	size_t length = strlen(text);
	if (length > VALUE_BYTES_MAX) {
		length = VALUE_BYTES_MAX;
		/* Not in the middle of a character. */
		while (length > 0 && (text[length] & 0xc0) == 0x80)
			length--;
		strcpy(text + length, "...");
	}
	json_t *value = json_string(text);
	free(text);
	return value;
}

static json_t *make_field(const struct model_schema_row *row, const void *before, const void *after)
{
	if (row->format == TEXT_FORMAT_PASSWORD && row->type == MODEL_SCHEMA_TEXT)
		return json_pack("{s:s, s:b}", "key", row->key, "hidden", 1);
	json_t *old = before ? make_value(row, before) : json_null();
	json_t *new = after ? make_value(row, after) : json_null();
	if (old && new)
		return json_pack("{s:s, s:o, s:o}", "key", row->key, "before", old, "after", new);
	json_decref(old);
	json_decref(new);
	return NULL;
}

static bool differs(const struct model_schema_row *row, const void *before, const void *after)
{
	if (!before || !after)
		return !model_compare_is_default(row, (const char *)(after ? after : before) + row->offset);
	return !model_compare_members(row, (const char *)before + row->offset, (const char *)after + row->offset);
}

/* Lists of objects with names of their own are differences of their own. */
static bool is_kind(const struct model_schema_row *row)
{
	for (size_t i = 0; i < MODEL_KIND_COUNT; i++)
		if (row->child == model_compare_kinds[i].schema)
			return true;
	return false;
}

static json_t *make_fields(const struct model_schema *schema, const void *before, const void *after)
{
	json_t *fields = json_array();
	/* row[0] is the name */
	for (uint32_t i = 1; fields && (before || after) && i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		if (is_kind(row) || !differs(row, before, after))
			continue;
		if (json_array_append_new(fields, make_field(row, before, after)) != 0) {
			json_decref(fields);
			return NULL;
		}
	}
	return fields;
}

/* ---- objects ---- */

/* False for a company in which only users, friends and so on changed: those tell it themselves. */
static bool is_worth_listing(const struct model_schema *schema, const struct model_difference *difference)
{
	if (!difference->before || !difference->after)
		return true;
	for (uint32_t i = 0; i < schema->row_count; i++)
		if (!is_kind(&schema->row[i]) && differs(&schema->row[i], difference->before, difference->after))
			return true;
	return false;
}

static const char *word_for(const struct model_difference *difference)
{
	if (!difference->before && !difference->after)
		return "reordered";
	return !difference->before ? "added" : !difference->after ? "removed" : "changed";
}

static enum status list_difference(struct model_changes *changes, const struct model_difference *difference,
				   json_t *fields)
{
	const struct model_kind_row *kind = &model_compare_kinds[difference->kind];
	const void *object = difference->after ? difference->after : difference->before;
	const struct model_text *name =
		object ? (const void *)((const char *)object + kind->schema->row[0].offset) : NULL;
	const char *name_text = name ? name->text : NULL;
	const char *company = difference->company ? difference->company->name.text : NULL;
	json_t *listed =
		json_pack("{s:s, s:s, s:s*, s:s*, s:O}", "change", word_for(difference), "kind",
			  object ? kind->name : kind->plural, "company", company, "name", name_text, "fields", fields);
	/* What may be absent is left out without memory too. */
	if (json_object_size(listed) != 3U + (company != NULL) + (name_text != NULL)) {
		json_decref(listed);
		return STATUS_NO_MEMORY;
	}
	return json_array_append_new(changes->listed, listed) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static void count_difference(struct model_changes *changes, const struct model_difference *difference)
{
	struct model_change_count *count = &changes->count[difference->kind];
	if (!difference->before && !difference->after)
		return;
	if (!difference->before)
		count->added++;
	else if (!difference->after)
		count->removed++;
	else
		count->changed++;
}

static enum status visit(void *argument, const struct model_difference *difference)
{
	const struct finder *finder = argument;
	struct model_changes *changes = finder->changes;
	const struct model_schema *schema = model_compare_kinds[difference->kind].schema;
	count_difference(changes, difference);
	if ((difference->is_inside && !finder->limit.has_inside) || !is_worth_listing(schema, difference))
		return STATUS_OK;
	if (json_array_size(changes->listed) >= finder->limit.most) {
		changes->omitted++;
		return STATUS_OK;
	}
	json_t *fields = make_fields(schema, difference->before, difference->after);
	if (!fields)
		return STATUS_NO_MEMORY;
	enum status status = list_difference(changes, difference, fields);
	json_decref(fields);
	return status;
}

enum status model_changes_find(struct model_changes *changes, const struct model *before, const struct model *after,
			       struct model_changes_limit limit)
{
	struct finder finder = {changes, limit};
	*changes = (struct model_changes){.listed = json_array()};
	return changes->listed ? model_compare_walk(before, after, visit, &finder) : STATUS_NO_MEMORY;
}

void model_changes_free(struct model_changes *changes)
{
	json_decref(changes->listed);
	*changes = (struct model_changes){0};
}

/* ---- in one line ---- */

static void append(char *text, size_t size, const char *sign, uint32_t count)
{
	size_t used = strlen(text);
	if (count)
		snprintf(text + used, size - used, " %s%u", sign, count);
}

void model_changes_summarise(char *text, size_t size, const struct model_changes *changes)
{
	text[0] = '\0';
	for (size_t i = 0; i < MODEL_KIND_COUNT; i++) {
		const struct model_change_count *count = &changes->count[i];
		size_t used = strlen(text);
		if (!(count->added | count->changed | count->removed))
			continue;
		snprintf(text + used, size - used, "%s%s", used ? ", " : "", model_compare_kinds[i].plural);
		append(text, size, "+", count->added);
		append(text, size, "~", count->changed);
		append(text, size, "-", count->removed);
	}
	if (!text[0])
		snprintf(text, size, "order");
}
