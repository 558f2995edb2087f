#include "route_decide.h"

uint64_t route_codecs(const struct route_request *request, const struct route_decision *decision)
{
	uint64_t caller = request->caller    ? request->caller->codecs
			  : request->carrier ? request->carrier->codecs
					     : CODEC_SET_ALL;

	if (decision->emergency) /* R37: nothing stops it */
		return CODEC_SET_ALL;
	if (decision->outcome == ROUTE_OUTCOME_EXTERNAL)
		return caller & decision->carrier->codecs;
	return decision->target ? caller & decision->target->codecs : caller;
}
