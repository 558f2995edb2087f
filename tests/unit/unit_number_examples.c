/*
 * Numbers of every country, R31 and R32: to what is dialled and back, compared with what libphonenumber-js says is
 * dialled.
 *
 * Where we differ there is a row with the reason, and each row is needed: what is in no row is a mistake, and so is a
 * row that says "differs" of a number that does not.
 */
#include "cmocka_all.h"
#include "number.h"

static const struct example {
	const char *country, *kind, *e164, *here, *abroad, *there;
} examples[] = {
#define EXAMPLE(country, kind, e164, here, abroad, there) {country, kind, e164, here, abroad, there},
#include "unit_number_examples.def"
};

static const struct abroad {
	const char *country, *e164, *dialled;
} abroad_rows[] = {
#define ABROAD(country, e164, dialled) {country, e164, dialled},
#include "unit_number_examples.def"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum what {
	SHOWN,	 /* R32 in the country: the library writes another national format */
	DIALLED, /* R31 of the library's national format: another number */
	BACK,	 /* R31 of what R32 shows: another number */
	BACK_IN_AREA,
	FROM_ABROAD,
};

struct trial {
	const struct example *example;
	struct dial_plan plan;
	struct number shown, back;
	struct span dialled; /* what R31 was asked */
};

/* ---- why ---- */

static bool begins(struct span text, const char *prefix)
{
	return *prefix && span_starts_with(text, span_of_text(prefix));
}

static bool is_national_length(const struct trial *trial, size_t digits)
{
	return digits < 32 && (trial->plan.country->national_lengths >> digits & 1);
}

static struct span national(const struct trial *trial)
{
	return span_skip(span_of_text(trial->example->e164), 1 + (uint32_t)strlen(trial->plan.country->calling_code));
}

static bool lacks_trunk_prefix(const struct trial *trial)
{
	struct span here = span_of_text(trial->example->here);
	return trial->plan.country->trunk_prefix[0] && span_equals(here, national(trial));
}

static bool is_like_abroad(const struct trial *trial)
{
	const char *prefix = trial->plan.country->international_prefix;
	return begins(trial->dialled, prefix) && trial->dialled.length > strlen(prefix);
}

/* A national or local number that can be read as trunk prefix and national number. */
static bool is_like_trunk(const struct trial *trial)
{
	const char *trunk = trial->plan.country->trunk_prefix;
	size_t digits = trial->dialled.length - strlen(trunk);
	return !is_like_abroad(trial) && begins(trial->dialled, trunk) && is_national_length(trial, digits) &&
	       digits != national(trial).length;
}

/* Without trunk prefix the number of another area is as long as one of this area with its code. */
static bool is_like_local(const struct trial *trial)
{
	return !is_like_abroad(trial) && !trial->plan.country->trunk_prefix[0] &&
	       span_equals(trial->dialled, national(trial)) &&
	       is_national_length(trial, trial->dialled.length + trial->plan.area_code.length);
}

static bool is_service_behind_8(const struct trial *trial)
{
	return !begins(span_of_text(trial->example->here), "80");
}

static bool has_no_answer(const struct trial *trial)
{
	return trial->example->there[0] == '\0';
}

/* ---- the known differences ---- */

static struct difference {
	enum what what;
	const char *begins; /* +E.164 numbers */
	bool (*holds)(const struct trial *trial);
	const char *why;
	uint32_t count;
} differences[] = {
	{SHOWN, "+", lacks_trunk_prefix, "the library writes it without the trunk prefix; R32 always has it", 0},
	{SHOWN, "+549", NULL, "Argentina: mobile numbers are written 0 area 15 number, R32 keeps the 9 in front", 0},
	{SHOWN, "+375", is_service_behind_8, "Belarus: 8 before 800 and 902, 80 before all others; R32 has one", 0},
	{DIALLED, "+549", NULL, "Argentina: 15 behind the area code stands for 9 in front of it", 0},
	{DIALLED, "+375", is_service_behind_8, "Belarus: as above, and as long as other national numbers", 0},
	{DIALLED, "+", is_like_abroad, "R31: a number that begins with the international prefix is one abroad", 0},
	{DIALLED, "+", is_like_trunk, "R31: the trunk prefix is taken off before lengths are looked at", 0},
	{BACK, "+", is_like_abroad, "R31: trunk prefix and number begin with the international prefix", 0},
	{BACK_IN_AREA, "+", is_like_abroad, "R31: it begins with the international prefix", 0},
	{BACK_IN_AREA, "+", is_like_trunk, "R31: a local number that is a trunk prefix and a national number", 0},
	{BACK_IN_AREA, "+", is_like_local, "R31: without trunk prefix, lengths with and without area overlap", 0},
	{FROM_ABROAD, "+", has_no_answer, "callers choose a company: the library does not, we take the usual one", 0},
};

static struct difference *find_difference(enum what what, const struct trial *trial)
{
	for (size_t i = 0; i < COUNT(differences); i++) {
		struct difference *row = &differences[i];
		if (row->what == what && begins(span_of_text(trial->example->e164), row->begins) &&
		    (!row->holds || row->holds(trial)))
			return row;
	}
	return NULL;
}

/* Counted in its row. Result: whether the row is missing, or there in vain. */
static bool is_wrong(enum what what, const struct trial *trial, const struct number *got, const char *wanted)
{
	static const char *const words[] = {"shown here", "dialled here", "shown and dialled", "the same with an area",
					    "shown abroad"};
	bool differs = !span_equals(number_text(got), span_of_text(wanted));
	struct difference *row = find_difference(what, trial);
	if (row)
		row->count += differs;
	if (differs == (row != NULL))
		return false;
	print_message("%s %s %s, %s, area '%.*s': %s, not %s%s%s\n", trial->example->country, trial->example->kind,
		      trial->example->e164, words[what], SPAN_ARGUMENTS(trial->plan.area_code), got->text, wanted,
		      row ? ": but there is a row: " : "", row ? row->why : "");
	return true;
}

/* ---- the trials ---- */

static struct trial begin(const struct example *example, struct span area_code)
{
	struct trial trial = {example, {country_find(span_of_text(example->country)), area_code}, {0}, {0}, {0}};
	assert_non_null(trial.plan.country);
	return trial;
}

static void show_and_dial(struct trial *trial)
{
	assert_true(number_from_e164(&trial->shown, span_of_text(trial->example->e164), &trial->plan));
	trial->dialled = number_text(&trial->shown);
	assert_true(number_to_e164(&trial->back, trial->dialled, &trial->plan));
}

static uint32_t try_here(const struct example *example)
{
	struct trial trial = begin(example, (struct span){0});
	show_and_dial(&trial);
	uint32_t wrong = is_wrong(BACK, &trial, &trial.back, example->e164);
	wrong += is_wrong(SHOWN, &trial, &trial.shown, example->here);
	trial.dialled = span_of_text(example->here);
	assert_true(number_to_e164(&trial.back, trial.dialled, &trial.plan));
	return wrong + is_wrong(DIALLED, &trial, &trial.back, example->e164);
}

/* In its own area, whatever part of it the area code is, and in another. */
static uint32_t try_in_areas(const struct example *example)
{
	struct trial trial = begin(example, SPAN_LITERAL("77"));
	uint32_t wrong = 0;
	if (national(&trial).at[0] == '7')
		trial.plan.area_code = SPAN_LITERAL("88");
	for (uint32_t digits = 0; digits <= 5 && digits < national(&trial).length; digits++) {
		if (digits > 0)
			trial.plan.area_code = span_make(national(&trial).at, digits);
		show_and_dial(&trial);
		wrong += is_wrong(BACK_IN_AREA, &trial, &trial.back, example->e164);
	}
	return wrong;
}

static void r31_r32_numbers_of_every_country(void **state)
{
	uint32_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		wrong += try_here(&examples[i]);
	assert_int_equal(wrong, 0);
}

static void r31_r32_numbers_of_every_country_in_an_area(void **state)
{
	uint32_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		wrong += try_in_areas(&examples[i]);
	assert_int_equal(wrong, 0);
}

/* From one country abroad, as the library says; and from every country abroad and back. */
static void r31_r32_numbers_of_every_country_from_abroad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct example example = examples[i];
		example.country = example.abroad;
		struct trial trial = begin(&example, SPAN_LITERAL("212"));
		show_and_dial(&trial);
		assert_string_equal(trial.shown.text, example.there);
		assert_string_equal(trial.back.text, example.e164);
	}
}

static void r31_r32_abroad_from_every_country(void **state)
{
	uint32_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(abroad_rows); i++) {
		const struct abroad *row = &abroad_rows[i];
		const struct example example = {row->country, "abroad", row->e164, "", "", row->dialled};
		struct trial trial = begin(&example, (struct span){0});
		show_and_dial(&trial);
		assert_string_equal(trial.back.text, row->e164);
		wrong += is_wrong(FROM_ABROAD, &trial, &trial.shown, row->dialled);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(COUNT(abroad_rows), 249 + 3);
}

static void every_difference_came_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(differences); i++) {
		print_message("%5u of %zu: %s\n", differences[i].count, COUNT(examples), differences[i].why);
		assert_int_not_equal(differences[i].count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r31_r32_numbers_of_every_country),
		cmocka_unit_test(r31_r32_numbers_of_every_country_in_an_area),
		cmocka_unit_test(r31_r32_numbers_of_every_country_from_abroad),
		cmocka_unit_test(r31_r32_abroad_from_every_country),
		cmocka_unit_test(every_difference_came_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
