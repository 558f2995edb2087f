#include "explain_codecs.h"

#include <stdio.h>

#include "explain_step.h"
#include "json_text.h"

#define LIST_BYTES_MAX 48 /* more than six codecs or so are cut */

/* Is a kind of media restricted to named codecs? */
static bool is_restricted(uint64_t codecs, uint64_t kind)
{
	return (codecs & kind) != kind;
}

/* Of a kind that is not restricted nothing is named. */
static bool is_named(uint64_t codecs, uint32_t codec)
{
	uint64_t bit = UINT64_C(1) << codec;

	return ((codecs & bit & codec_set_audio) && is_restricted(codecs, codec_set_audio)) ||
	       ((codecs & bit & codec_set_video) && is_restricted(codecs, codec_set_video));
}

bool explain_codecs_has_any(uint64_t codecs)
{
	return (codecs & codec_set_audio) != 0;
}

static bool is_as_offered(uint64_t codecs)
{
	return !is_restricted(codecs, codec_set_audio) && !is_restricted(codecs, codec_set_video);
}

json_t *explain_codecs_list(uint64_t codecs)
{
	if (is_as_offered(codecs))
		return json_null();
	json_t *list = json_array();
	for (uint32_t i = 0; i < CODEC_ROW_COUNT; i++)
		if (is_named(codecs, i))
			json_array_append_new(list, json_text_make(codec_rows[i].name));
	return list;
}

/* "PCMA, PCMU"; what does not fit ends in "...". */
static const char *describe(char text[LIST_BYTES_MAX], uint64_t codecs)
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < CODEC_ROW_COUNT; i++) {
		struct span name = codec_rows[i].name;
		if (!is_named(codecs, i))
			continue;
		if (length + name.length + sizeof(", ...") > LIST_BYTES_MAX) {
			snprintf(text + length, LIST_BYTES_MAX - length, ", ...");
			break;
		}
		length += (size_t)snprintf(text + length, LIST_BYTES_MAX - length, "%s" SPAN_FORMAT, length ? ", " : "",
					   SPAN_ARGUMENTS(name));
	}
	return is_as_offered(codecs) ? "as offered" : length ? text : "none";
}

uint64_t explain_codecs_find(struct route_trace *trace, const struct route_request *request,
			     const struct route_decision *decision)
{
	uint64_t caller = request->caller ? request->caller->codecs : request->carrier->codecs;
	struct span caller_name = request->caller ? request->caller->name : request->carrier->name;
	bool is_external = decision->outcome == ROUTE_OUTCOME_EXTERNAL;
	uint64_t target = is_external ? decision->carrier->codecs : decision->target->codecs;
	struct span target_name = is_external ? decision->carrier->name : decision->target->name;
	uint64_t both = route_codecs(request, decision);
	char text[3][LIST_BYTES_MAX];

	explain_step_add(trace, "R25", explain_codecs_has_any(both),
			 "codecs: %s (" SPAN_FORMAT ") and %s (" SPAN_FORMAT "): %s", describe(text[0], caller),
			 SPAN_ARGUMENTS(caller_name), describe(text[1], target), SPAN_ARGUMENTS(target_name),
			 explain_codecs_has_any(both) ? describe(text[2], both) : "nothing in common");
	return both;
}
