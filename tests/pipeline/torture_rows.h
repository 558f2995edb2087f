/*
 * torture_rows.h - what this router makes of each message of RFC 4475 and RFC 5118.
 *
 * A row is a message of tests/torture, sent as it is, or a variant of it: where our own rules (spec/friends.md) end its
 * walk before the point that the RFC is about, one text in it is replaced, so that the point is reached too.
 */
#ifndef AMITY_TESTS_TORTURE_ROWS_H
#define AMITY_TESTS_TORTURE_ROWS_H

#include "reason.h"

struct torture_row {
	const char *file;	    /* below tests/torture, without .dat */
	const char *why;	    /* the section, or the rule of ours, that decides */
	const char *replace, *with; /* of a variant: the first `replace` becomes `with`; NULL: the message as it is */
	const char *domain;	    /* of the one company that there is [example.com] */
	const char *source;	    /* ["192.0.2.7:5060"] */
	const char *user;	    /* who answers the challenge; NULL: there is none to answer */
	enum reason reason;	    /* how it ends, with credentials if it was challenged */
	int status;		    /* what leaves: 0: nothing, or the request itself when `reason` forwards it */
	const char *has[3];	    /* texts that what leaves must have */
	const char *lacks[2];	    /* texts that what leaves must not have */
};

extern const struct torture_row torture_rows[];
extern const unsigned int torture_row_count;

#endif
