#include "session_expires_parse.h"

#include "lexis.h"

/* Parameters, each behind its ';', to the end of the value. */
static bool are_parameters(const char *at, const char *end)
{
	struct lexis_parameter parameter;

	at = lexis_skip_white(at, end);
	while (at != NULL && at < end && *at == ';')
		at = lexis_take_parameter(&parameter, at + 1, end);
	return at == end;
}

bool session_expires_parse(uint32_t *seconds, struct span value)
{
	if (value.length == 0)
		return false;

	const char *end = value.at + value.length, *first = lexis_skip_white(value.at, end), *at = first;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	if (at == first || !are_parameters(at, end))
		return false;
	if (!lexis_parse_number(seconds, lexis_span(first, at), UINT32_MAX))
		*seconds = UINT32_MAX;
	return true;
}
