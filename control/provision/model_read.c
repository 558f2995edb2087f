#include "model_read.h"

#include <stdlib.h>

#include <libfyaml.h>

#include "document_text.h"
#include "headroom.h"
#include "model_reader.h"
#include "model_schema.h"
#include "model_value.h"
#include "near_word.h"
#include "text_format.h"

#define KEY_BYTES_MAX 64

/* libfyaml 0.7 follows pointers that it did not get: what it takes for a document must be there before it begins. */
#define PARSE_ROOM_BYTES_MIN (4u << 20)
#define PARSE_ROOM_PER_BYTE  16

/* ---- lists and objects ---- */

/* Elements of a list while their number is unknown. */
struct growing {
	char *item;
	uint32_t count, capacity;
};

static void *grow(struct model_reader *reader, struct growing *growing, size_t size)
{
	if (growing->count == growing->capacity) {
		uint32_t capacity = growing->capacity ? 2 * growing->capacity : 8;
		char *item = reallocarray(growing->item, capacity, size);
		if (!item) {
			reader->status = STATUS_NO_MEMORY;
			return NULL;
		}
		growing->item = item;
		growing->capacity = capacity;
	}
	return memset(growing->item + growing->count++ * size, 0, size);
}

static void *keep(struct model_reader *reader, struct growing *growing, size_t size)
{
	void *item = arena_take_array(&reader->model->arena, growing->count, size);
	if (!item)
		reader->status = STATUS_NO_MEMORY;
	else if (growing->count > 0)
		memcpy(item, growing->item, growing->count * size);
	free(growing->item);
	return item;
}

/* Enters a list. Result: false when the value is none, reported, and skipped. */
static bool enter_list(struct model_reader *reader, const char *key, struct model_place place)
{
	if (!model_reader_check(reader, key, place)) {
		model_reader_skip(reader);
		return false;
	}
	if (reader->event->type == FYET_SEQUENCE_START)
		return true;
	struct model_scalar scalar = {0};
	if (reader->event->type == FYET_SCALAR)
		scalar = model_reader_scalar(reader);
	if (reader->event->type == FYET_SCALAR && model_reader_is_null(&scalar))
		model_reader_report(reader, place, key, "has no value: write [] for an empty list");
	else
		model_reader_report(reader, place, key, "must be a list, not %s", model_reader_words(reader->event));
	model_reader_skip(reader);
	return false;
}

/* Told once, where the first one stands that is too many; `index` is the element's. */
static void check_count(struct model_reader *reader, const struct model_schema_row *row, uint32_t index,
			struct model_place place)
{
	if (row->count_most && index == row->count_most)
		model_reader_report(reader, model_reader_place(reader->event, place), row->key,
				    "has more than %u entries: this is one too many", row->count_most);
}

static void read_texts(struct model_reader *reader, const struct model_schema_row *row, struct model_texts *texts,
		       struct model_place place)
{
	if (!enter_list(reader, row->key, place))
		return;
	struct growing growing = {0};
	bool refused = false;
	for (uint32_t i = 0;
	     reader->status == STATUS_OK && model_reader_advance(reader) && reader->event->type != FYET_SEQUENCE_END;
	     i++) {
		struct model_text value = {0};
		check_count(reader, row, i, place);
		model_value_read_text(reader, row, &value, model_reader_place(reader->event, place));
		if (reader->event->type != FYET_SCALAR)
			model_reader_skip(reader);
		refused |= !value.text;
		struct model_text *kept = value.text ? grow(reader, &growing, sizeof(value)) : NULL;
		if (kept)
			*kept = value;
	}
	*texts = (struct model_texts){.count = growing.count, .given = true, .refused = refused, .place = place};
	texts->item = keep(reader, &growing, sizeof(struct model_text));
}

static void read_object(struct model_reader *reader, const struct model_schema *schema, void *object,
			struct model_place place, const char *key);

static void read_objects(struct model_reader *reader, const struct model_schema_row *row, struct model_list *list,
			 struct model_place place)
{
	if (!enter_list(reader, row->key, place))
		return;
	struct growing growing = {0};
	while (reader->status == STATUS_OK && model_reader_advance(reader) &&
	       reader->event->type != FYET_SEQUENCE_END) {
		check_count(reader, row, growing.count, place);
		void *object = grow(reader, &growing, row->child->size);
		if (object)
			read_object(reader, row->child, object, model_reader_place(reader->event, place), row->key);
	}
	*list = (struct model_list){.count = growing.count, .given = true, .place = place};
	list->item = keep(reader, &growing, row->child->size);
}

static void read_value(struct model_reader *reader, const struct model_schema_row *row, void *object,
		       struct model_place key_place)
{
	void *member = (char *)object + row->offset;
	struct model_place place = model_reader_place(reader->event, key_place);
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		model_value_read_text(reader, row, member, place);
		break;
	case MODEL_SCHEMA_INTEGER:
		model_value_read_integer(reader, row, member, place);
		break;
	case MODEL_SCHEMA_BOOL:
		model_value_read_bool(reader, row, member, place);
		break;
	case MODEL_SCHEMA_CHOICE:
		model_value_read_choice(reader, row, member, place);
		break;
	case MODEL_SCHEMA_TEXTS:
		read_texts(reader, row, member, place);
		return;
	case MODEL_SCHEMA_OBJECT:
		read_object(reader, row->child, member, place, row->key);
		return;
	case MODEL_SCHEMA_OBJECTS:
		read_objects(reader, row, member, place);
		return;
	}
	if (reader->event && reader->event->type != FYET_SCALAR)
		model_reader_skip(reader);
}

static const struct model_schema_row *find_row(const struct model_schema *schema, struct span key)
{
	for (uint32_t i = 0; i < schema->row_count; i++)
		if (span_equals(key, span_of_text(schema->row[i].key)))
			return &schema->row[i];
	return NULL;
}

/* The key that was probably meant; NULL: none is near. */
static const struct model_schema_row *find_near(const struct model_schema *schema, struct span key)
{
	const struct model_schema_row *row = NULL;
	struct near_word near;
	near_word_begin(&near, key);
	for (uint32_t i = 0; i < schema->row_count; i++)
		if (near_word_offer(&near, span_of_text(schema->row[i].key)))
			row = &schema->row[i];
	return row;
}

static void set_defaults(const struct model_schema *schema, void *object)
{
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		void *member = (char *)object + row->offset;
		if (row->type == MODEL_SCHEMA_INTEGER || row->type == MODEL_SCHEMA_BOOL ||
		    row->type == MODEL_SCHEMA_CHOICE)
			((struct model_number *)member)->value = row->fallback;
		else if (row->type == MODEL_SCHEMA_TEXTS && row->fallback_text)
			*(struct model_texts *)member = (struct model_texts){.item = row->fallback_text, .count = 1};
	}
}

/* Of one object, a bit a row. */
struct keys {
	uint64_t seen;
	uint64_t meant; /* by keys that are none: their absence is not told a second time */
	bool has_unknown;
};

static void report_unknown(struct model_reader *reader, const struct model_schema *schema, struct keys *keys,
			   struct model_place place, struct span text)
{
	char key[KEY_BYTES_MAX + 1];
	bool printable = text.length <= KEY_BYTES_MAX && text_format_is_printable(text);
	snprintf(key, sizeof(key), SPAN_FORMAT, printable ? (int)text.length : 1, printable ? text.at : "?");
	const struct model_schema_row *near = find_near(schema, span_of_text(key));
	keys->has_unknown = true;
	if (near)
		keys->meant |= 1ull << (near - schema->row);
	model_reader_report(reader, place, key, "unknown key: %s has none of this name%s%s%s", schema->what,
			    near ? "; did you mean '" : "", near ? near->key : "", near ? "'?" : "");
}

/* The key at the current event. Result: its row, or NULL when there is none and that is reported. */
static const struct model_schema_row *read_key(struct model_reader *reader, const struct model_schema *schema,
					       struct keys *keys, struct model_place *place,
					       struct model_place object_place)
{
	*place = model_reader_place(reader->event, object_place);
	if (reader->event->type != FYET_SCALAR) {
		model_reader_report(reader, *place, NULL, "a key must be a word, not %s",
				    model_reader_words(reader->event));
		model_reader_skip(reader);
		return NULL;
	}
	struct model_scalar scalar = model_reader_scalar(reader);
	const struct model_schema_row *row = find_row(schema, scalar.text);
	if (!row) {
		report_unknown(reader, schema, keys, *place, scalar.text);
		return NULL;
	}
	uint64_t bit = 1ull << (row - schema->row);
	if (keys->seen & bit) {
		model_reader_report(reader, *place, row->key, "is given twice");
		return NULL;
	}
	keys->seen |= bit;
	return row;
}

static void check_presence(struct model_reader *reader, const struct model_schema *schema, const struct keys *keys,
			   struct model_place place, const char *key)
{
	for (uint32_t i = 0; i < schema->row_count; i++)
		if (schema->row[i].mandatory && !((keys->seen | keys->meant) & 1ull << i))
			model_reader_report(reader, place, schema->row[i].key, "is missing: %s must have it: %s",
					    schema->what, schema->row[i].help);
	/* An unknown key was meant to be one of them. */
	if (!schema->one_of || __builtin_popcountll(keys->seen) == 1 || (!keys->seen && keys->has_unknown))
		return;
	const char *words[9] = {0};
	for (uint32_t i = 0; i < schema->row_count && i < 8; i++)
		words[i] = schema->row[i].key;
	char choices[200];
	model_value_list_choices(choices, sizeof(choices), words);
	model_reader_report(reader, place, key, "must have exactly one key: %s", choices);
}

/* As if a text had been refused: model_validate() then knows that somebody tried. */
static void mark_meant(const struct model_schema *schema, void *object, const struct keys *keys,
		       struct model_place place)
{
	for (uint32_t i = 0; i < schema->row_count; i++) {
		struct model_text *text = (void *)((char *)object + schema->row[i].offset);
		if (keys->meant & ~keys->seen & 1ull << i && schema->row[i].type == MODEL_SCHEMA_TEXT)
			text->place = place;
	}
}

static void read_object(struct model_reader *reader, const struct model_schema *schema, void *object,
			struct model_place place, const char *key)
{
	_Static_assert(offsetof(struct model_company, place) == 0, "elements of lists begin with their place");
	set_defaults(schema, object);
	if (schema != &model_schema_document)
		memcpy(object, &place, sizeof(place));
	if (!model_reader_check(reader, key, place) || reader->event->type != FYET_MAPPING_START) {
		if (reader->event->type != FYET_ALIAS && !model_reader_is_tagged(reader->event))
			model_reader_report(reader, place, key, "must be %s: a mapping of keys to values, not %s",
					    schema->what, model_reader_words(reader->event));
		/* An object without place is none to check any further. */
		if (schema != &model_schema_document)
			memset(object, 0, sizeof(place));
		model_reader_skip(reader);
		return;
	}
	struct keys keys = {0};
	while (reader->status == STATUS_OK && model_reader_advance(reader) && reader->event->type != FYET_MAPPING_END) {
		struct model_place key_place;
		const struct model_schema_row *row = read_key(reader, schema, &keys, &key_place, place);
		if (!reader->event || !model_reader_advance(reader))
			return;
		if (row)
			read_value(reader, row, object, key_place);
		else
			model_reader_skip(reader);
		if (!reader->event)
			return;
	}
	if (reader->event && reader->status == STATUS_OK)
		check_presence(reader, schema, &keys, place, key);
	mark_meant(schema, object, &keys, place);
}

/* ---- the document ---- */

static void report_syntax(struct model_reader *reader, struct fy_diag *diag)
{
	void *iterator = NULL;
	struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
	if (!error) {
		model_reader_report(reader, reader->last, NULL, "is not YAML that can be read, here or below");
		return;
	}
	struct model_place place = {error->line > 0 ? (uint32_t)error->line : 1,
				    error->column > 0 ? (uint32_t)error->column : 1};
	model_reader_report(reader, place, NULL, "is not YAML: %s", error->msg);
}

static bool is_blank(struct model_reader *reader)
{
	if (reader->event->type != FYET_SCALAR)
		return false;
	struct model_scalar scalar = model_reader_scalar(reader);
	return model_reader_is_null(&scalar);
}

/* Result: false when there is no document to read, and that is reported. */
static bool enter_document(struct model_reader *reader)
{
	while (model_reader_advance(reader))
		if (reader->event->type == FYET_DOCUMENT_START || reader->event->type == FYET_STREAM_END)
			break;
	bool found = reader->event && reader->event->type == FYET_DOCUMENT_START && model_reader_advance(reader);
	if (!reader->event)
		return false;
	if (found && !is_blank(reader))
		return true;
	model_reader_report(reader, (struct model_place){1, 1}, NULL,
			    "the document is empty: to remove everything, write `companies: []`");
	return false;
}

static void check_end(struct model_reader *reader)
{
	while (model_reader_advance(reader)) {
		if (reader->event->type == FYET_DOCUMENT_START) {
			model_reader_report(reader, model_reader_place(reader->event, (struct model_place){1, 1}), NULL,
					    "a second document begins here: everything must be in one");
			return;
		}
		if (reader->event->type == FYET_STREAM_END)
			return;
	}
}

static enum status read_document(struct model_reader *reader, struct fy_diag *diag)
{
	if (enter_document(reader)) {
		read_object(reader, &model_schema_document, reader->model,
			    model_reader_place(reader->event, (struct model_place){1, 1}), NULL);
		if (reader->event && reader->status == STATUS_OK)
			check_end(reader);
	} else if (reader->event) {
		return STATUS_INVALID;
	}
	if (reader->status != STATUS_OK)
		return reader->status;
	if (reader->event)
		return STATUS_OK;
	report_syntax(reader, diag);
	return STATUS_INVALID;
}

static void drop_output(struct fy_diag *diag, void *user, const char *text, size_t length)
{
	(void)diag, (void)user, (void)text, (void)length;
}

static enum status parse(struct model_reader *reader)
{
	if (!headroom_has(PARSE_ROOM_BYTES_MIN + (size_t)reader->text.length * PARSE_ROOM_PER_BYTE))
		return STATUS_NO_MEMORY;
	struct fy_diag_cfg diag_config;
	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.output_fn = drop_output;
	struct fy_diag *diag = fy_diag_create(&diag_config);
	if (!diag)
		return STATUS_NO_MEMORY;
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_MMAP_OPT, .diag = diag};
	enum status status = STATUS_NO_MEMORY;
	reader->parser = fy_parser_create(&config);
	if (reader->parser && fy_parser_set_string(reader->parser, reader->text.at, reader->text.length) == 0) {
		status = read_document(reader, diag);
		fy_parser_event_free(reader->parser, reader->event);
	}
	fy_parser_destroy(reader->parser);
	fy_diag_destroy(diag);
	return status;
}

enum status model_read(struct model **model, struct span text, const char *file_name, struct problem_list *problems)
{
	struct model_reader reader = {.model = calloc(1, sizeof(**model)),
				      .last = {1, 1},
				      .problems = problems,
				      .file_name = file_name,
				      .text = text};
	if (!reader.model)
		return STATUS_NO_MEMORY;
	enum status status = STATUS_INVALID;
	if (document_text_check(problems, file_name, text))
		status = parse(&reader);
	if (status != STATUS_OK) {
		model_free(reader.model);
		return status;
	}
	*model = reader.model;
	return STATUS_OK;
}
