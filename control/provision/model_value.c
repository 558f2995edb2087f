#include "model_value.h"

#include "text_format.h"

static bool check_text(struct model_reader *reader, const struct model_schema_row *row, struct span text,
		       struct model_place place)
{
	if (text.length < row->least || text.length > row->most) {
		if (text.length == 0)
			model_reader_report(reader, place, row->key, "is empty");
		else if (row->least == row->most)
			model_reader_report(reader, place, row->key, "must have %u characters", (unsigned)row->most);
		else
			model_reader_report(reader, place, row->key, "is %u bytes long: at most %u", text.length,
					    (unsigned)row->most);
		return false;
	}
	char why[TEXT_FORMAT_WHY_BYTES];
	if (text.length == 0 || text_format_check((enum text_format)row->format, text, why))
		return true;
	model_reader_report(reader, place, row->key, "%s", why);
	return false;
}

void model_value_read_text(struct model_reader *reader, const struct model_schema_row *row, struct model_text *value,
			   struct model_place place)
{
	struct model_scalar scalar;
	value->place = place;
	if (!model_reader_take_scalar(&scalar, reader, row->key, place, "a text") ||
	    !check_text(reader, row, scalar.text, place))
		return;
	struct span text = text_format_spell((enum text_format)row->format, scalar.text);
	char *copy = arena_copy_text(&reader->model->arena, text.at, text.length);
	if (!copy)
		reader->status = STATUS_NO_MEMORY;
	*value = (struct model_text){copy, text.length, place};
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
	return text.at[0] != '0' || (text.length == 1 && !negative);
}

void model_value_read_integer(struct model_reader *reader, const struct model_schema_row *row,
			      struct model_number *number, struct model_place place)
{
	struct model_scalar scalar;
	int64_t value;
	if (!model_reader_take_scalar(&scalar, reader, row->key, place, "an integer"))
		return;
	if (!scalar.is_plain || !parse_integer(&value, scalar.text)) {
		model_reader_report(reader, place, row->key, "must be an integer, written in digits without quotes");
		return;
	}
	if (value < row->least || value > row->most) {
		model_reader_report(reader, place, row->key, "must be %lld to %lld%s%s", (long long)row->least,
				    (long long)row->most, row->unit ? " " : "", row->unit ? row->unit : "");
		return;
	}
	*number = (struct model_number){value, true, place};
}

void model_value_read_bool(struct model_reader *reader, const struct model_schema_row *row, struct model_number *number,
			   struct model_place place)
{
	struct model_scalar scalar;
	if (!model_reader_take_scalar(&scalar, reader, row->key, place, "true or false"))
		return;
	bool is_true = span_equals_nocase(scalar.text, SPAN_LITERAL("true"));
	if (!scalar.is_plain || (!is_true && !span_equals_nocase(scalar.text, SPAN_LITERAL("false")))) {
		model_reader_report(reader, place, row->key, "must be true or false, without quotes");
		return;
	}
	*number = (struct model_number){is_true, true, place};
}

void model_value_list_choices(char *words, size_t size, const char *const *choice)
{
	words[0] = '\0';
	for (uint32_t i = 0; choice[i]; i++) {
		const char *between = i == 0 ? "" : choice[i + 1] ? ", " : " or ";
		size_t used = strlen(words);
		snprintf(words + used, size - used, "%s%s", between, choice[i]);
	}
}

void model_value_read_choice(struct model_reader *reader, const struct model_schema_row *row,
			     struct model_number *number, struct model_place place)
{
	struct model_scalar scalar;
	char words[200];
	model_value_list_choices(words, sizeof(words), row->choice);
	if (!model_reader_take_scalar(&scalar, reader, row->key, place, words))
		return;
	for (int64_t i = 0; row->choice[i]; i++) {
		if (span_equals(scalar.text, span_of_text(row->choice[i]))) {
			*number = (struct model_number){i, true, place};
			return;
		}
	}
	model_reader_report(reader, place, row->key, "must be %s", words);
}
