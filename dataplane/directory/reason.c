#include "reason.h"

/* Severity words of reasons.def, mapped once. */
enum {
	NORMAL = SEVERITY_NORMAL,
	CALLER = SEVERITY_CALLER,
	CONFIG = SEVERITY_CONFIG,
	HOSTILE = SEVERITY_HOSTILE,
	LIMIT = SEVERITY_LIMIT
};

const struct reason_row reason_rows[REASON_COUNT] = {
	[REASON_NONE] = {"none", "", "not decided", "", 0, SEVERITY_NORMAL},
#define REASON(name, severity, status, phrase, text, source)                                                           \
	[REASON_##name] = {#name, phrase, text, source, status, severity},
#include "reasons.def"
#undef REASON
};
