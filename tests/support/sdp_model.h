/*
 * sdp_model.h - what R25 makes of an SDP text, written the slow way: lines, words and codec names are compared one by
 * one and the filtered text is put together from its lines. For comparison with dataplane/sip/sdp_filter.h, of which it
 * uses nothing.
 */
#ifndef AMITY_TESTS_SDP_MODEL_H
#define AMITY_TESTS_SDP_MODEL_H

#include "body_filter.h"
#include "span.h"

/* Filters `text` into `out`, which has room for it. Result: as of body_filter() for a body of application/sdp; *length
 * and `out` are those of the text when it is malformed. */
enum body_filter_result sdp_model_filter(char *out, uint32_t *length, struct span text, uint64_t allowed);

#endif
