/*
 * explain_codecs.h - the codecs of an explained call (R25): which both sides allow, by their names.
 */
#ifndef AMITY_EXPLAIN_CODECS_H
#define AMITY_EXPLAIN_CODECS_H

#include <jansson.h>

#include "route_decide.h"

/* For decisions that are not REJECT: route_codecs(), with a step that says what each side allows. Thread: control. */
uint64_t explain_codecs_find(struct route_trace *trace, const struct route_request *request,
			     const struct route_decision *decision);

/* An offer of audio can keep something. */
bool explain_codecs_has_any(uint64_t codecs);

/* The names of the audio and video codecs that are left; null: as offered. Result: NULL when memory ends. */
json_t *explain_codecs_list(uint64_t codecs);

#endif
