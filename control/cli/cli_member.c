#include "cli_member.h"

const char *cli_member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

long long cli_member_number(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}
