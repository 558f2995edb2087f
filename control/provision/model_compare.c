#include "model_compare.h"

#include "name_table_build.h"

static bool same_text(const struct model_text *a, const struct model_text *b)
{
	return !a->text == !b->text && span_equals(model_span(a), model_span(b));
}

static bool is_default_texts(const struct model_schema_row *row, const struct model_texts *texts)
{
	if (!row->fallback_text)
		return texts->count == 0;
	return texts->count == 1 && same_text(&texts->item[0], row->fallback_text);
}

bool model_compare_is_default(const struct model_schema_row *row, const void *member)
{
	const struct model_text *text = member;
	const struct model_number *number = member;
	const struct model_list *list = member;
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		return !text->text;
	case MODEL_SCHEMA_INTEGER:
	case MODEL_SCHEMA_BOOL:
	case MODEL_SCHEMA_CHOICE:
		return number->value == row->fallback && !row->mandatory;
	case MODEL_SCHEMA_TEXTS:
		return is_default_texts(row, member);
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

bool model_compare_members(const struct model_schema_row *row, const void *a, const void *b)
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
		if (!model_compare_members(row, (const char *)a + row->offset, (const char *)b + row->offset))
			return false;
	}
	return true;
}

/* ---- which objects differ ---- */

#define IN_MODEL(member)   offsetof(struct model, member)
#define IN_COMPANY(member) offsetof(struct model_company, member)

const struct model_kind_row model_compare_kinds[MODEL_KIND_COUNT] = {
	[MODEL_KIND_CARRIER] = {"carrier", "carriers", &model_schema_carrier, IN_MODEL(carriers)},
	[MODEL_KIND_COMPANY] = {"company", "companies", &model_schema_company, IN_MODEL(companies)},
	[MODEL_KIND_USER] = {"user", "users", &model_schema_user, IN_COMPANY(users)},
	[MODEL_KIND_FRIEND] = {"friend", "friends", &model_schema_friend, IN_COMPANY(friends)},
	[MODEL_KIND_EXTENSION] = {"extension", "extensions", &model_schema_extension, IN_COMPANY(extensions)},
	[MODEL_KIND_DDI] = {"DDI", "ddis", &model_schema_ddi, IN_COMPANY(ddis)},
	[MODEL_KIND_ACL] = {"call ACL", "call_acls", &model_schema_acl, IN_COMPANY(call_acls)},
};

struct walk {
	model_difference_fn visit;
	void *argument;
	const struct model_company *company; /* whose lists are compared */
	bool is_inside;
};

static struct span object_name(const struct model_schema *schema, const void *object)
{
	return model_span((const struct model_text *)((const char *)object + schema->row[0].offset));
}

static enum status walk_company(const struct walk *walk, const void *before, const void *after);

static enum status visit_pair(const struct walk *walk, enum model_kind kind, const void *before, const void *after)
{
	if (before && after && model_compare_objects(model_compare_kinds[kind].schema, before, after))
		return STATUS_OK;
	const struct model_difference difference = {kind, walk->company, before, after, walk->is_inside};
	enum status status = walk->visit(walk->argument, &difference);
	return status == STATUS_OK && kind == MODEL_KIND_COMPANY ? walk_company(walk, before, after) : status;
}

/* Fills pair[i] with the object of `before` that after[i] was, or NULL. Result: whether they stand in their old order.
 */
static bool find_pairs(const void **pair, bool *matched, const struct name_table *names,
		       const struct model_schema *schema, const struct model_list *before,
		       const struct model_list *after)
{
	uint32_t index, least = 0;
	bool in_order = true;
	for (uint32_t i = 0; i < after->count; i++) {
		if (!name_table_find(&index, names, object_name(schema, list_item(schema, after, i)), false))
			continue;
		in_order &= index >= least;
		least = index;
		matched[index] = true;
		pair[i] = list_item(schema, before, index);
	}
	return in_order;
}

static enum status walk_with_table(const struct walk *walk, enum model_kind kind, const struct model_list *before,
				   const struct model_list *after, struct arena *arena)
{
	const struct model_schema *schema = model_compare_kinds[kind].schema;
	struct name_table names;
	enum status status = name_table_build(&names, arena, before->count);
	bool *matched = arena_take(arena, before->count);
	const void **pair = arena_take_array(arena, after->count, sizeof(*pair));
	if (status != STATUS_OK || !matched || !pair)
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < before->count; i++)
		name_table_build_add(&names, object_name(schema, list_item(schema, before, i)), i, false);
	if (!find_pairs(pair, matched, &names, schema, before, after)) {
		const struct model_difference order = {.kind = kind, .company = walk->company};
		status = walk->visit(walk->argument, &order);
	}
	for (uint32_t i = 0; i < after->count && status == STATUS_OK; i++)
		status = visit_pair(walk, kind, pair[i], list_item(schema, after, i));
	for (uint32_t i = 0; i < before->count && status == STATUS_OK; i++)
		if (!matched[i])
			status = visit_pair(walk, kind, list_item(schema, before, i), NULL);
	return status;
}

/* The lists are those of models or companies; NULL: there is none. */
static enum status walk_kind(const struct walk *walk, enum model_kind kind, const void *before, const void *after)
{
	static const struct model_list none = {0};
	struct arena arena = {0};
	size_t offset = model_compare_kinds[kind].list_offset;
	const struct model_list *old = before ? (const void *)((const char *)before + offset) : &none;
	const struct model_list *new = after ? (const void *)((const char *)after + offset) : &none;
	enum status status = walk_with_table(walk, kind, old, new, &arena);
	arena_free(&arena);
	return status;
}

static enum status walk_company(const struct walk *walk, const void *before, const void *after)
{
	const struct walk inner = {walk->visit, walk->argument, after ? after : before, !before || !after};
	enum status status = STATUS_OK;
	for (enum model_kind kind = MODEL_KIND_USER; kind < MODEL_KIND_COUNT && status == STATUS_OK; kind++)
		status = walk_kind(&inner, kind, before, after);
	return status;
}

enum status model_compare_walk(const struct model *before, const struct model *after, model_difference_fn visit,
			       void *argument)
{
	const struct walk walk = {.visit = visit, .argument = argument};
	enum status status = walk_kind(&walk, MODEL_KIND_CARRIER, before, after);
	return status == STATUS_OK ? walk_kind(&walk, MODEL_KIND_COMPANY, before, after) : status;
}
