/*
 * number.h - a telephone number and the country that it is dialled in (spec/friends.md section 6).
 */
#ifndef AMITY_NUMBER_H
#define AMITY_NUMBER_H

#include "span.h"

/* E.164 has 15 digits, internal numbers 10; the rest is room for what people really send before it is refused. */
#define NUMBER_BYTES_MAX 62

/* E.164 numbers are always written with a leading '+'. */
struct number {
	uint8_t length;
	char text[NUMBER_BYTES_MAX + 1];
};
_Static_assert(sizeof(struct number) == 64, "one cache line");

static inline struct span number_text(const struct number *number)
{
	return span_make(number->text, number->length);
}

/* One row of the generated country table (control never edits it; dataplane/directory/countries.def). */
struct country {
	char code[3];		      /* ISO 3166-1 alpha-2 */
	char calling_code[5];	      /* "34" */
	char international_prefix[8]; /* "00" */
	char trunk_prefix[4];	      /* "" none */
	uint32_t national_lengths;    /* bit n: a national number without trunk prefix may have n digits */
};

/* How somebody dials: R31, R32. */
struct dial_plan {
	const struct country *country;
	struct span area_code; /* length 0: none */
};

/* Result: NULL when there is no such country. Thread: any. */
const struct country *country_find(struct span code);

/*
 * R31: to E.164 with the dialler's plan. Input that is no number is copied unchanged, as is all input when the plan has
 * no country. `text` must not be the text of *e164 itself. Result: false when `text` is longer than NUMBER_BYTES_MAX
 * (or would become so). Thread: any. Cost: <= 50 ns.
 */
bool number_to_e164(struct number *e164, struct span text, const struct dial_plan *plan);

/* R32: from +E.164 to what is dialled in the plan; input that is not +E.164 (or a plan without country): unchanged. */
bool number_from_e164(struct number *dialled, struct span e164, const struct dial_plan *plan);

#endif
