#include "number.h"
#include "copy_bytes.h"

static bool are_digits(struct span text)
{
	for (uint32_t i = 0; i < text.length; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.length > 0;
}

static bool is_e164(struct span text)
{
	return text.length > 1 && text.at[0] == '+' && are_digits(span_skip(text, 1));
}

/* Is `digits` as long as a national number of the country that begins with further `missing` digits? */
static bool has_national_length(const struct country *country, struct span digits, uint32_t missing)
{
	uint32_t length = digits.length + missing;
	return length < 32 && (country->national_lengths >> length & 1) != 0;
}

/* At most three parts; an empty one adds nothing. */
static bool join(struct number *number, struct span first, struct span second, struct span third)
{
	uint64_t length = (uint64_t)first.length + second.length + third.length;

	if (length > NUMBER_BYTES_MAX)
		return false;
	copy_bytes(number->text, first.at, first.length);
	copy_bytes(number->text + first.length, second.at, second.length);
	copy_bytes(number->text + first.length + second.length, third.at, third.length);
	number->text[length] = '\0';
	number->length = (uint8_t)length;
	return true;
}

/* "+34" of the country, from its calling code. */
struct plus_calling_code {
	char text[1 + sizeof(((struct country *)0)->calling_code)];
	uint32_t length;
};

static struct plus_calling_code plus_calling_code(const struct country *country)
{
	struct plus_calling_code plus = {.text = "+", .length = 1};
	for (const char *digit = country->calling_code; *digit; digit++)
		plus.text[plus.length++] = *digit;
	return plus;
}

bool number_to_e164(struct number *e164, struct span text, const struct dial_plan *plan)
{
	const struct span none = {0};
	const struct country *country = plan->country;

	if (!country || !are_digits(text))
		return join(e164, text, none, none);

	struct span international = span_of_text(country->international_prefix);
	if (span_starts_with(text, international) && text.length > international.length)
		return join(e164, SPAN_LITERAL("+"), span_skip(text, international.length), none);

	struct plus_calling_code plus = plus_calling_code(country);
	struct span calling_code = span_make(plus.text, plus.length), area = plan->area_code;
	struct span trunk = span_of_text(country->trunk_prefix);
	if (trunk.length && span_starts_with(text, trunk) &&
	    has_national_length(country, span_skip(text, trunk.length), 0))
		return join(e164, calling_code, span_skip(text, trunk.length), none);

	if (area.length && has_national_length(country, text, area.length))
		return join(e164, calling_code, area, text);
	if (has_national_length(country, text, 0))
		return join(e164, calling_code, text, none);

	struct span code_digits = span_skip(calling_code, 1);
	if (span_starts_with(text, code_digits) && has_national_length(country, span_skip(text, code_digits.length), 0))
		return join(e164, SPAN_LITERAL("+"), text, none);
	return join(e164, calling_code, text, none); /* short codes */
}

bool number_from_e164(struct number *dialled, struct span e164, const struct dial_plan *plan)
{
	const struct span none = {0};
	const struct country *country = plan->country;

	if (!country || !is_e164(e164))
		return join(dialled, e164, none, none);

	struct span digits = span_skip(e164, 1), calling_code = span_of_text(country->calling_code);
	if (!span_starts_with(digits, calling_code) || digits.length == calling_code.length)
		return join(dialled, span_of_text(country->international_prefix), digits, none);

	struct span national = span_skip(digits, calling_code.length), area = plan->area_code;
	if (!has_national_length(country, national, 0))
		return join(dialled, national, none, none); /* short codes */
	if (area.length && national.length > area.length && span_starts_with(national, area))
		return join(dialled, span_skip(national, area.length), none, none);
	return join(dialled, span_of_text(country->trunk_prefix), national, none);
}
