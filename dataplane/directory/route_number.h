/*
 * route_number.h - the number in the user part of a URI (R3, R6).
 */
#ifndef AMITY_ROUTE_NUMBER_H
#define AMITY_ROUTE_NUMBER_H

#include "company.h"
#include "reason.h"

/*
 * Decodes a user part as received: user parameters cut, %HH resolved, visual separators removed if the rest is digits.
 *
 * Thread: any.   Result: REASON_NONE and *number, else NUMBER_INVALID (empty, a broken escape) or NUMBER_TOO_LONG;
 * *number untouched.
 */
enum reason route_number_decode(struct number *number, struct span user);

/* Has it only the characters that numbers have: digits, '+', '*', '#' and letters (R6)? */
bool route_number_is_valid(struct span number);

/* Is it '+' and digits? */
bool route_number_is_e164(struct span number);

/* Is `number`, as it was dialled and decoded, one of the company's emergency numbers (R37)? */
bool route_number_is_emergency(const struct company *company, struct span number);

#endif
