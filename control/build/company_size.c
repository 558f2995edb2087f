#include "company_size.h"

#include "company.h"
#include "model_schema.h"
#include "name_table_build.h"
#include "pattern_plain_build.h"
#include "text_format.h"

#define ARENA_BYTES  16 /* to which what is taken is rounded up */
#define ARRAYS	     12
#define LINE_BYTES   64
#define LINES_ARRAYS 4 /* that begin at a cache line: endpoints, tables of names */

static size_t text_bytes(const struct model_schema *schema, const void *object);

/* The others become something else: hashes, rows, addresses, a word of codecs; or are of no use to an lcore. */
static bool is_kept_as_text(enum text_format format)
{
	switch (format) {
	case TEXT_FORMAT_DESCRIPTION:
	case TEXT_FORMAT_PASSWORD:
	case TEXT_FORMAT_COUNTRY:
	case TEXT_FORMAT_PATTERN:
	case TEXT_FORMAT_ADDRESS:
	case TEXT_FORMAT_PREFIX:
	case TEXT_FORMAT_CODEC:
		return false;
	default:
		return true;
	}
}

/* With its NUL. */
static size_t kept_bytes(const struct model_text *text)
{
	return (text->length + ARENA_BYTES) / ARENA_BYTES * ARENA_BYTES;
}

static size_t member_bytes(const struct model_schema_row *row, const void *member)
{
	const struct model_text *text = member;
	const struct model_texts *texts = member;
	const struct model_list *list = member;
	size_t bytes = 0;
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		return text->length && is_kept_as_text(row->format) ? kept_bytes(text) : 0;
	case MODEL_SCHEMA_TEXTS:
		for (uint32_t i = 0; i < texts->count && is_kept_as_text(row->format); i++)
			bytes += kept_bytes(&texts->item[i]);
		return bytes;
	case MODEL_SCHEMA_OBJECT:
		return text_bytes(row->child, member);
	case MODEL_SCHEMA_OBJECTS:
		for (uint32_t i = 0; i < list->count; i++)
			bytes += text_bytes(row->child, (const char *)list->item + i * row->child->size);
		return bytes;
	default:
		return 0;
	}
}

static size_t text_bytes(const struct model_schema *schema, const void *object)
{
	size_t bytes = 0;
	for (uint32_t i = 0; i < schema->row_count; i++)
		bytes += member_bytes(&schema->row[i], (const char *)object + schema->row[i].offset);
	return bytes;
}

/* Rows, whose they are, and where their texts are. */
static size_t friends_patterns_bytes(const struct model_company *model)
{
	struct pattern_plain_room room = {0};
	size_t count = 0;
	for (uint32_t i = 0; i < model->friends.count; i++) {
		const struct model_texts *patterns = &model_friends(model)[i].patterns;
		for (uint32_t j = 0; j < patterns->count; j++)
			pattern_plain_build_add_room(&room, model_span(&patterns->item[j]));
		count += patterns->count;
	}
	return pattern_plain_build_bytes(&room) + count * (sizeof(uint32_t) + sizeof(struct span));
}

size_t company_size_bytes(const struct model_company *model)
{
	uint32_t endpoints = model->users.count + model->friends.count;
	size_t names = (size_t)name_table_build_slots(endpoints) + name_table_build_slots(model->extensions.count) +
		       name_table_build_slots(model->ddis.count);
	size_t rules = 0, forwards = 0;
	for (uint32_t i = 0; i < model->friends.count; i++)
		forwards += model_friends(model)[i].forwards.count;
	for (uint32_t i = 0; i < model->call_acls.count; i++)
		rules += model_acls(model)[i].rules.count;
	return text_bytes(&model_schema_company, model) + endpoints * sizeof(struct endpoint) +
	       model->extensions.count * sizeof(struct extension) + model->ddis.count * sizeof(struct ddi) +
	       model->call_acls.count * (sizeof(struct call_acl) + 32) + names * sizeof(struct name_slot) +
	       model->emergency.count * sizeof(struct span) + model->sources.count * sizeof(struct net_prefix) +
	       friends_patterns_bytes(model) + rules * sizeof(uint32_t) + forwards * sizeof(struct forward) +
	       ARRAYS * ARENA_BYTES + LINES_ARRAYS * LINE_BYTES;
}
