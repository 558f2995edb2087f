#include "model_read.h"

#include <stdarg.h>
#include <stdlib.h>

#include <libfyaml.h>

#include "model_schema.h"
#include "text_format.h"

#define KEY_BYTES_MAX 64

struct reader {
	struct fy_parser *parser;
	struct fy_event *event;	 /* the current one; NULL: the document ended or is not YAML */
	struct model_place last; /* of the newest event that had one: where the parser got to */
	struct model *model;
	struct problem_list *problems;
	const char *file_name;
	struct span text;
	enum status status; /* not OK: memory ended */
};

/* ---- places and problems ---- */

static struct model_place place_of_mark(const struct fy_mark *mark)
{
	return mark ? (struct model_place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1}
		    : (struct model_place){0};
}

static struct fy_token *event_token(const struct fy_event *event)
{
	switch (event->type) {
	case FYET_SCALAR:
		return event->scalar.value;
	case FYET_MAPPING_START:
		return event->mapping_start.mapping_start;
	case FYET_SEQUENCE_START:
		return event->sequence_start.sequence_start;
	case FYET_ALIAS:
		return event->alias.anchor;
	case FYET_DOCUMENT_START:
		return event->document_start.document_start;
	default:
		return NULL;
	}
}

/* Empty values have no token of their own: they stand where their key does. */
static struct model_place event_place(const struct fy_event *event, struct model_place otherwise)
{
	struct fy_token *token = event_token(event);
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	if (!mark)
		return otherwise;
	struct model_place place = place_of_mark(mark);
	/* libfyaml marks the text inside the quotes; people look for the quote. */
	if (event->type == FYET_SCALAR && place.column > 1) {
		enum fy_scalar_style style = fy_token_scalar_style(token);
		place.column -= style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	}
	return place;
}

static void report(const struct reader *reader, struct model_place at, const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void report(const struct reader *reader, struct model_place at, const char *key, const char *format, ...)
{
	char message[500];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	struct problem_place place = {reader->file_name, reader->text.at, reader->text.length, at.line, at.column};
	problem_add_at(reader->problems, &place, key, "%s", message);
}

/* ---- events ---- */

static bool advance(struct reader *reader)
{
	if (reader->event)
		reader->last = event_place(reader->event, reader->last);
	fy_parser_event_free(reader->parser, reader->event);
	reader->event = fy_parser_parse(reader->parser);
	return reader->event != NULL;
}

/* Leaves the current event on the last one of the current value. */
static void skip_value(struct reader *reader)
{
	uint64_t depth = 0;
	do {
		if (reader->event->type == FYET_MAPPING_START || reader->event->type == FYET_SEQUENCE_START)
			depth++;
		else if (reader->event->type == FYET_MAPPING_END || reader->event->type == FYET_SEQUENCE_END)
			depth--;
	} while (depth > 0 && advance(reader));
}

static const char *event_words(const struct fy_event *event)
{
	switch (event->type) {
	case FYET_MAPPING_START:
		return "a mapping";
	case FYET_SEQUENCE_START:
		return "a list";
	case FYET_ALIAS:
		return "an alias";
	default:
		return "a single value";
	}
}

static bool is_tagged(const struct fy_event *event)
{
	return (event->type == FYET_SCALAR && event->scalar.tag) ||
	       (event->type == FYET_MAPPING_START && event->mapping_start.tag) ||
	       (event->type == FYET_SEQUENCE_START && event->sequence_start.tag);
}

/* What no value may be, whatever its key wants. Result: false when reported. */
static bool check_event(struct reader *reader, const char *key, struct model_place place)
{
	if (reader->event->type == FYET_ALIAS) {
		report(reader, place, key, "is an alias: aliases are not taken here, write the value itself");
		return false;
	}
	if (is_tagged(reader->event)) {
		report(reader, place, key, "has a YAML tag: tags are not taken here, remove it");
		return false;
	}
	return true;
}

/* ---- scalars ---- */

struct scalar {
	struct span text; /* valid until the next event */
	bool is_plain;
};

static struct scalar scalar_of(const struct fy_event *event)
{
	struct scalar scalar = {.text = {"", 0}, .is_plain = true};
	if (!event->scalar.value)
		return scalar;
	size_t length = 0;
	const char *text = fy_token_get_text(event->scalar.value, &length);
	if (text)
		scalar.text = span_make(text, length);
	scalar.is_plain = fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;
	return scalar;
}

static bool is_null(const struct scalar *scalar)
{
	return scalar->is_plain && (scalar->text.length == 0 || span_equals(scalar->text, SPAN_LITERAL("~")) ||
				    span_equals_nocase(scalar->text, SPAN_LITERAL("null")));
}

/* Result: false when the value is none or of another kind, and reported. */
static bool take_scalar(struct scalar *scalar, struct reader *reader, const char *key, struct model_place place,
			const char *wanted)
{
	if (!check_event(reader, key, place))
		return false;
	if (reader->event->type != FYET_SCALAR) {
		report(reader, place, key, "must be %s, not %s", wanted, event_words(reader->event));
		return false;
	}
	*scalar = scalar_of(reader->event);
	if (is_null(scalar)) {
		report(reader, place, key, "has no value: must be %s", wanted);
		return false;
	}
	return true;
}

static bool check_text(struct reader *reader, const struct model_schema_row *row, struct span text,
		       struct model_place place)
{
	if (text.length < row->least || text.length > row->most) {
		if (text.length == 0)
			report(reader, place, row->key, "is empty");
		else if (row->least == row->most)
			report(reader, place, row->key, "must have %u characters", (unsigned)row->most);
		else
			report(reader, place, row->key, "is %u bytes long: at most %u", text.length,
			       (unsigned)row->most);
		return false;
	}
	char why[TEXT_FORMAT_WHY_BYTES];
	if (text.length == 0 || text_format_check((enum text_format)row->format, text, why))
		return true;
	report(reader, place, row->key, "%s", why);
	return false;
}

static void read_text(struct reader *reader, const struct model_schema_row *row, struct model_text *value,
		      struct model_place place)
{
	struct scalar scalar;
	value->place = place;
	if (!take_scalar(&scalar, reader, row->key, place, "a text") || !check_text(reader, row, scalar.text, place))
		return;
	char *copy = arena_copy_text(&reader->model->arena, scalar.text.at, scalar.text.length);
	if (!copy)
		reader->status = STATUS_NO_MEMORY;
	*value = (struct model_text){copy, scalar.text.length, place};
}

static bool parse_integer(int64_t *value, struct span text)
{
	bool negative = text.length > 1 && text.at[0] == '-';
	if (negative)
		text = span_skip(text, 1);
	if (text.length == 0 || text.length > 18)
		return false;
	int64_t sum = 0;
	for (uint32_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		sum = 10 * sum + (text.at[i] - '0');
	}
	*value = negative ? -sum : sum;
	return text.at[0] != '0' || text.length == 1;
}

static void read_integer(struct reader *reader, const struct model_schema_row *row, struct model_number *number,
			 struct model_place place)
{
	struct scalar scalar;
	int64_t value;
	if (!take_scalar(&scalar, reader, row->key, place, "an integer"))
		return;
	if (!scalar.is_plain || !parse_integer(&value, scalar.text)) {
		report(reader, place, row->key, "must be an integer, written in digits without quotes");
		return;
	}
	if (value < row->least || value > row->most) {
		report(reader, place, row->key, "must be %lld to %lld%s%s", (long long)row->least, (long long)row->most,
		       row->unit ? " " : "", row->unit ? row->unit : "");
		return;
	}
	*number = (struct model_number){value, true, place};
}

static void read_bool(struct reader *reader, const struct model_schema_row *row, struct model_number *number,
		      struct model_place place)
{
	struct scalar scalar;
	if (!take_scalar(&scalar, reader, row->key, place, "true or false"))
		return;
	bool is_true = span_equals_nocase(scalar.text, SPAN_LITERAL("true"));
	if (!scalar.is_plain || (!is_true && !span_equals_nocase(scalar.text, SPAN_LITERAL("false")))) {
		report(reader, place, row->key, "must be true or false, without quotes");
		return;
	}
	*number = (struct model_number){is_true, true, place};
}

static void list_choices(char *words, size_t size, const char *const *choice)
{
	words[0] = '\0';
	for (uint32_t i = 0; choice[i]; i++) {
		const char *between = i == 0 ? "" : choice[i + 1] ? ", " : " or ";
		size_t used = strlen(words);
		snprintf(words + used, size - used, "%s%s", between, choice[i]);
	}
}

static void read_choice(struct reader *reader, const struct model_schema_row *row, struct model_number *number,
			struct model_place place)
{
	struct scalar scalar;
	char words[200];
	list_choices(words, sizeof(words), row->choice);
	if (!take_scalar(&scalar, reader, row->key, place, words))
		return;
	for (int64_t i = 0; row->choice[i]; i++) {
		if (span_equals(scalar.text, span_of_text(row->choice[i]))) {
			*number = (struct model_number){i, true, place};
			return;
		}
	}
	report(reader, place, row->key, "must be %s", words);
}

/* ---- lists and objects ---- */

/* Elements of a list while their number is unknown. */
struct growing {
	char *item;
	uint32_t count, capacity;
};

static void *grow(struct reader *reader, struct growing *growing, size_t size)
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

static void *keep(struct reader *reader, struct growing *growing, size_t size)
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
static bool enter_list(struct reader *reader, const char *key, struct model_place place)
{
	if (!check_event(reader, key, place)) {
		skip_value(reader);
		return false;
	}
	if (reader->event->type == FYET_SEQUENCE_START)
		return true;
	struct scalar scalar = {0};
	if (reader->event->type == FYET_SCALAR)
		scalar = scalar_of(reader->event);
	if (reader->event->type == FYET_SCALAR && is_null(&scalar))
		report(reader, place, key, "has no value: write [] for an empty list");
	else
		report(reader, place, key, "must be a list, not %s", event_words(reader->event));
	skip_value(reader);
	return false;
}

static void read_texts(struct reader *reader, const struct model_schema_row *row, struct model_texts *texts,
		       struct model_place place)
{
	if (!enter_list(reader, row->key, place))
		return;
	struct growing growing = {0};
	bool refused = false;
	while (reader->status == STATUS_OK && advance(reader) && reader->event->type != FYET_SEQUENCE_END) {
		struct model_text value = {0};
		read_text(reader, row, &value, event_place(reader->event, place));
		if (reader->event->type != FYET_SCALAR)
			skip_value(reader);
		refused |= !value.text;
		struct model_text *kept = value.text ? grow(reader, &growing, sizeof(value)) : NULL;
		if (kept)
			*kept = value;
	}
	*texts = (struct model_texts){.count = growing.count, .given = true, .refused = refused, .place = place};
	texts->item = keep(reader, &growing, sizeof(*texts->item));
}

static void read_object(struct reader *reader, const struct model_schema *schema, void *object,
			struct model_place place, const char *key);

static void read_objects(struct reader *reader, const struct model_schema_row *row, struct model_list *list,
			 struct model_place place)
{
	if (!enter_list(reader, row->key, place))
		return;
	struct growing growing = {0};
	while (reader->status == STATUS_OK && advance(reader) && reader->event->type != FYET_SEQUENCE_END) {
		void *object = grow(reader, &growing, row->child->size);
		if (object)
			read_object(reader, row->child, object, event_place(reader->event, place), row->key);
	}
	*list = (struct model_list){.count = growing.count, .given = true, .place = place};
	list->item = keep(reader, &growing, row->child->size);
}

static void read_value(struct reader *reader, const struct model_schema_row *row, void *object,
		       struct model_place key_place)
{
	void *member = (char *)object + row->offset;
	struct model_place place = event_place(reader->event, key_place);
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		read_text(reader, row, member, place);
		break;
	case MODEL_SCHEMA_INTEGER:
		read_integer(reader, row, member, place);
		break;
	case MODEL_SCHEMA_BOOL:
		read_bool(reader, row, member, place);
		break;
	case MODEL_SCHEMA_CHOICE:
		read_choice(reader, row, member, place);
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
		skip_value(reader);
}

/* What this build cannot do yet is refused, not ignored (its default asks for nothing). */
static void check_later(struct reader *reader, const struct model_schema_row *row, const void *object)
{
	const void *member = (const char *)object + row->offset;
	const struct model_number *number = member;
	const struct model_texts *texts = member;
	const struct model_list *list = member;
	struct model_place place;
	if (row->type == MODEL_SCHEMA_TEXTS && texts->given)
		place = texts->place;
	else if (row->type == MODEL_SCHEMA_OBJECTS && list->count > 0)
		place = list->place;
	else if (row->type == MODEL_SCHEMA_INTEGER && number->value != row->fallback)
		place = number->place;
	else
		return;
	report(reader, place, row->key, "%s is not available in this build: remove the key", row->later);
}

static const struct model_schema_row *find_row(const struct model_schema *schema, struct span key)
{
	for (uint32_t i = 0; i < schema->row_count; i++)
		if (span_equals(key, span_of_text(schema->row[i].key)))
			return &schema->row[i];
	return NULL;
}

static void set_defaults(const struct model_schema *schema, void *object)
{
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		void *member = (char *)object + row->offset;
		if (row->type == MODEL_SCHEMA_INTEGER || row->type == MODEL_SCHEMA_BOOL ||
		    row->type == MODEL_SCHEMA_CHOICE)
			((struct model_number *)member)->value = row->fallback;
	}
}

/* The key at the current event. Result: its row, or NULL when there is none and that is reported. */
static const struct model_schema_row *read_key(struct reader *reader, const struct model_schema *schema, uint64_t *seen,
					       struct model_place *place, struct model_place object_place)
{
	*place = event_place(reader->event, object_place);
	if (reader->event->type != FYET_SCALAR) {
		report(reader, *place, NULL, "a key must be a word, not %s", event_words(reader->event));
		skip_value(reader);
		return NULL;
	}
	struct scalar scalar = scalar_of(reader->event);
	const struct model_schema_row *row = find_row(schema, scalar.text);
	char key[KEY_BYTES_MAX + 1];
	bool printable = scalar.text.length <= KEY_BYTES_MAX && text_format_is_printable(scalar.text);
	snprintf(key, sizeof(key), SPAN_FORMAT, printable ? (int)scalar.text.length : 1,
		 printable ? scalar.text.at : "?");
	if (!row) {
		report(reader, *place, key, "unknown key: %s has none of this name", schema->what);
		return NULL;
	}
	uint64_t bit = 1ull << (row - schema->row);
	if (*seen & bit) {
		report(reader, *place, key, "is given twice");
		return NULL;
	}
	*seen |= bit;
	return row;
}

static void check_presence(struct reader *reader, const struct model_schema *schema, uint64_t seen,
			   struct model_place place, const char *key)
{
	for (uint32_t i = 0; i < schema->row_count; i++)
		if (schema->row[i].mandatory && !(seen & 1ull << i))
			report(reader, place, schema->row[i].key, "is missing: %s must have it", schema->what);
	if (!schema->one_of || __builtin_popcountll(seen) == 1)
		return;
	const char *words[9] = {0};
	for (uint32_t i = 0; i < schema->row_count && i < 8; i++)
		words[i] = schema->row[i].key;
	char choices[200];
	list_choices(choices, sizeof(choices), words);
	report(reader, place, key, "must have exactly one key: %s", choices);
}

static void read_object(struct reader *reader, const struct model_schema *schema, void *object,
			struct model_place place, const char *key)
{
	_Static_assert(offsetof(struct model_company, place) == 0, "elements of lists begin with their place");
	set_defaults(schema, object);
	if (schema != &model_schema_document)
		memcpy(object, &place, sizeof(place));
	if (!check_event(reader, key, place) || reader->event->type != FYET_MAPPING_START) {
		if (reader->event->type != FYET_ALIAS && !is_tagged(reader->event))
			report(reader, place, key, "must be %s: a mapping of keys to values, not %s", schema->what,
			       event_words(reader->event));
		skip_value(reader);
		return;
	}
	uint64_t seen = 0;
	while (reader->status == STATUS_OK && advance(reader) && reader->event->type != FYET_MAPPING_END) {
		struct model_place key_place;
		const struct model_schema_row *row = read_key(reader, schema, &seen, &key_place, place);
		if (!reader->event || !advance(reader))
			return;
		if (row)
			read_value(reader, row, object, key_place);
		else
			skip_value(reader);
		if (row && row->later)
			check_later(reader, row, object);
		if (!reader->event)
			return;
	}
	if (reader->event)
		check_presence(reader, schema, seen, place, key);
}

/* ---- the document ---- */

static void report_syntax(struct reader *reader, struct fy_diag *diag)
{
	void *iterator = NULL;
	struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
	if (!error) {
		report(reader, reader->last, NULL, "is not YAML that can be read, here or below");
		return;
	}
	struct model_place place = {error->line > 0 ? (uint32_t)error->line : 1,
				    error->column > 0 ? (uint32_t)error->column : 1};
	report(reader, place, NULL, "is not YAML: %s", error->msg);
}

static bool is_blank(const struct fy_event *event)
{
	if (event->type != FYET_SCALAR)
		return false;
	struct scalar scalar = scalar_of(event);
	return is_null(&scalar);
}

/* Result: false when there is no document to read, and that is reported. */
static bool enter_document(struct reader *reader)
{
	while (advance(reader))
		if (reader->event->type == FYET_DOCUMENT_START || reader->event->type == FYET_STREAM_END)
			break;
	bool found = reader->event && reader->event->type == FYET_DOCUMENT_START && advance(reader);
	if (!reader->event)
		return false;
	if (found && !is_blank(reader->event))
		return true;
	report(reader, (struct model_place){1, 1}, NULL,
	       "the document is empty: to remove everything, write `companies: []`");
	return false;
}

static void check_end(struct reader *reader)
{
	while (advance(reader)) {
		if (reader->event->type == FYET_DOCUMENT_START) {
			report(reader, event_place(reader->event, (struct model_place){1, 1}), NULL,
			       "a second document begins here: everything must be in one");
			return;
		}
		if (reader->event->type == FYET_STREAM_END)
			return;
	}
}

static enum status read_document(struct reader *reader, struct fy_diag *diag)
{
	if (enter_document(reader)) {
		read_object(reader, &model_schema_document, reader->model,
			    event_place(reader->event, (struct model_place){1, 1}), NULL);
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

static enum status parse(struct reader *reader)
{
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
	struct reader reader = {.model = calloc(1, sizeof(**model)),
				.last = {1, 1},
				.problems = problems,
				.file_name = file_name,
				.text = text};
	if (!reader.model)
		return STATUS_NO_MEMORY;
	enum status status = STATUS_INVALID;
	if (memchr(text.at, '\0', text.length))
		report(&reader, (struct model_place){0}, NULL, "has a NUL byte: this is not a text file");
	else
		status = parse(&reader);
	if (status != STATUS_OK) {
		model_free(reader.model);
		return status;
	}
	*model = reader.model;
	return STATUS_OK;
}
