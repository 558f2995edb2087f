#include "model_compare.h"

#include "name_table_build.h"

bool model_compare_is_default(const struct model_schema_row *row, const void *member)
{
	const struct model_text *text = member;
	const struct model_number *number = member;
	const struct model_texts *texts = member;
	const struct model_list *list = member;
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		return !text->text;
	case MODEL_SCHEMA_INTEGER:
	case MODEL_SCHEMA_BOOL:
	case MODEL_SCHEMA_CHOICE:
		return number->value == row->fallback && !row->mandatory;
	case MODEL_SCHEMA_TEXTS:
		return texts->count == 0;
	case MODEL_SCHEMA_OBJECTS:
		return list->count == 0;
	case MODEL_SCHEMA_OBJECT:
		for (uint32_t i = 0; i < row->child->row_count; i++)
			if (!model_compare_is_default(&row->child->row[i],
						      (const char *)member + row->child->row[i].offset))
				return false;
		return true;
	}
	return true;
}

static bool same_text(const struct model_text *a, const struct model_text *b)
{
	return !a->text == !b->text && span_equals(model_span(a), model_span(b));
}

static bool same_texts(const struct model_texts *a, const struct model_texts *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!same_text(&a->item[i], &b->item[i]))
			return false;
	return true;
}

static const void *list_item(const struct model_schema *schema, const struct model_list *list, uint32_t index)
{
	return (const char *)list->item + index * schema->size;
}

static bool same_objects(const struct model_schema *schema, const struct model_list *a, const struct model_list *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!model_compare_objects(schema, list_item(schema, a, i), list_item(schema, b, i)))
			return false;
	return true;
}

static bool same_member(const struct model_schema_row *row, const void *a, const void *b)
{
	const struct model_number *number_a = a, *number_b = b;
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		return same_text(a, b);
	case MODEL_SCHEMA_INTEGER:
	case MODEL_SCHEMA_BOOL:
	case MODEL_SCHEMA_CHOICE:
		return number_a->value == number_b->value;
	case MODEL_SCHEMA_TEXTS:
		return same_texts(a, b);
	case MODEL_SCHEMA_OBJECT:
		return model_compare_objects(row->child, a, b);
	case MODEL_SCHEMA_OBJECTS:
		return same_objects(row->child, a, b);
	}
	return false;
}

bool model_compare_objects(const struct model_schema *schema, const void *a, const void *b)
{
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		if (!same_member(row, (const char *)a + row->offset, (const char *)b + row->offset))
			return false;
	}
	return true;
}

/* ---- what changed ---- */

/* Called for each object that is in one list or in both and different; NULL where it is not. */
typedef enum status (*pair_fn)(struct apply_result *result, const void *before, const void *after);

struct kind {
	const struct model_schema *schema;
	size_t count_offset; /* in struct apply_result */
	pair_fn inside;	     /* NULL: nothing to count inside */
};

static struct span object_name(const struct model_schema *schema, const void *object)
{
	return model_span((const struct model_text *)((const char *)object + schema->row[0].offset));
}

static enum status count_pair(struct apply_result *result, const struct kind *kind, const void *before,
			      const void *after)
{
	struct apply_count *count = (struct apply_count *)((char *)result + kind->count_offset);
	if (!before)
		count->added++;
	else if (!after)
		count->removed++;
	else if (!model_compare_objects(kind->schema, before, after))
		count->changed++;
	else
		return STATUS_OK;
	return kind->inside ? kind->inside(result, before, after) : STATUS_OK;
}

static enum status count_with_table(struct apply_result *result, const struct kind *kind,
				    const struct model_list *before, const struct model_list *after,
				    struct arena *arena)
{
	struct name_table names;
	enum status status = name_table_build(&names, arena, before->count);
	bool *matched = arena_take(arena, before->count);
	if (status != STATUS_OK || !matched)
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < before->count; i++)
		name_table_build_add(&names, object_name(kind->schema, list_item(kind->schema, before, i)), i, false);
	for (uint32_t i = 0; i < after->count && status == STATUS_OK; i++) {
		const void *object = list_item(kind->schema, after, i), *old = NULL;
		uint32_t index;
		if (name_table_find(&index, &names, object_name(kind->schema, object), false)) {
			matched[index] = true;
			old = list_item(kind->schema, before, index);
		}
		status = count_pair(result, kind, old, object);
	}
	for (uint32_t i = 0; i < before->count && status == STATUS_OK; i++)
		if (!matched[i])
			status = count_pair(result, kind, list_item(kind->schema, before, i), NULL);
	return status;
}

static enum status count_kind(struct apply_result *result, const struct kind *kind, const struct model_list *before,
			      const struct model_list *after)
{
	static const struct model_list none = {0};
	struct arena arena = {0};
	enum status status = count_with_table(result, kind, before ? before : &none, after ? after : &none, &arena);
	arena_free(&arena);
	return status;
}

static const struct {
	struct kind kind;
	size_t list_offset; /* in struct model_company */
} kinds_of_company[] = {
	{{&model_schema_user, offsetof(struct apply_result, users), NULL}, offsetof(struct model_company, users)},
	{{&model_schema_friend, offsetof(struct apply_result, friends), NULL}, offsetof(struct model_company, friends)},
	{{&model_schema_extension, offsetof(struct apply_result, extensions), NULL},
	 offsetof(struct model_company, extensions)},
	{{&model_schema_ddi, offsetof(struct apply_result, ddis), NULL}, offsetof(struct model_company, ddis)},
	{{&model_schema_acl, offsetof(struct apply_result, call_acls), NULL},
	 offsetof(struct model_company, call_acls)},
};

static enum status count_company(struct apply_result *result, const void *before, const void *after)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < sizeof(kinds_of_company) / sizeof(kinds_of_company[0]) && status == STATUS_OK; i++) {
		size_t offset = kinds_of_company[i].list_offset;
		const struct model_list *old =
			before ? (const struct model_list *)((const char *)before + offset) : NULL;
		const struct model_list *new = after ? (const struct model_list *)((const char *)after + offset) : NULL;
		status = count_kind(result, &kinds_of_company[i].kind, old, new);
	}
	return status;
}

enum status model_compare_count(struct apply_result *result, const struct model *before, const struct model *after)
{
	static const struct kind carriers = {&model_schema_carrier, offsetof(struct apply_result, carriers), NULL};
	static const struct kind companies = {&model_schema_company, offsetof(struct apply_result, companies),
					      count_company};
	enum status status = count_kind(result, &carriers, &before->carriers, &after->carriers);
	return status == STATUS_OK ? count_kind(result, &companies, &before->companies, &after->companies) : status;
}
