/*
 * reason.h - the reasons of reasons.def as an enum and as a table of their rows.
 */
#ifndef AMITY_REASON_H
#define AMITY_REASON_H

#include <stdint.h>

enum reason {
	REASON_NONE, /* not decided yet */
#define REASON(name, severity, status, phrase, text, source) REASON_##name,
#include "reasons.def"
#undef REASON
	REASON_COUNT
};

enum severity {
	SEVERITY_NORMAL,
	SEVERITY_CALLER,
	SEVERITY_CONFIG,
	SEVERITY_HOSTILE,
	SEVERITY_LIMIT,
};

struct reason_row {
	const char *name;   /* upper case, as in reasons.def */
	const char *phrase; /* SIP reason phrase */
	const char *text;
	const char *source; /* rule or RFC section */
	uint16_t status;    /* 0: nothing is answered */
	uint8_t severity;
};

/* Indexed by enum reason. Defined in dataplane/directory/reason.c. Thread: any. */
extern const struct reason_row reason_rows[REASON_COUNT];

#endif
