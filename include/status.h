/*
 * status.h - result of control-plane and setup functions: STATUS_OK is 0, the others say what kind of failure; details
 * go to the log or to the caller's error text. Lcores do not use it: there a packet gets a verdict and a reason.
 */
#ifndef AMITY_STATUS_H
#define AMITY_STATUS_H

enum status {
	STATUS_OK,
#define STATUS(name, text) STATUS_##name,
#include "status.def"
#undef STATUS
	STATUS_COUNT
};

#define AMITY_CHECKED __attribute__((warn_unused_result))

static inline const char *status_text(enum status status)
{
	static const char *const texts[STATUS_COUNT] = {
		"ok",
#define STATUS(name, text) text,
#include "status.def"
#undef STATUS
	};
	return status < STATUS_COUNT ? texts[status] : "unknown status";
}

#endif
