#include "explain_step.h"

#include <stdarg.h>
#include <stdio.h>

void explain_step_add(struct route_trace *trace, const char *rule, bool matched, const char *format, ...)
{
	va_list arguments;

	if (trace->count == ROUTE_STEPS_MAX) {
		trace->truncated = true;
		return;
	}
	struct route_step *step = &trace->step[trace->count++];
	snprintf(step->rule, sizeof(step->rule), "%s", rule);
	step->matched = matched;
	va_start(arguments, format);
	vsnprintf(step->text, sizeof(step->text), format, arguments);
	va_end(arguments);
}
