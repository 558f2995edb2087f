#include "facts.h"

#include <stdio.h>

#include "must.h"

void facts_clear(struct facts *facts)
{
	facts->accepted = false;
	facts->count = facts->used = 0;
}

void facts_add(struct facts *facts, const char *name, struct span text)
{
	must(facts->count < FACTS_MAX && facts->used + text.length <= sizeof(facts->text));
	if (text.length)
		memcpy(facts->text + facts->used, text.at, text.length);
	facts->fact[facts->count].name = name;
	facts->fact[facts->count++].text = span_make(facts->text + facts->used, text.length);
	facts->used += text.length;
}

void facts_add_number(struct facts *facts, const char *name, uint32_t number)
{
	char text[16];
	snprintf(text, sizeof(text), "%u", number);
	facts_add(facts, name, span_of_text(text));
}

const char *facts_difference(const struct facts *one, const struct facts *other)
{
	for (uint32_t i = 0; i < one->count && i < other->count; i++) {
		must(strcmp(one->fact[i].name, other->fact[i].name) == 0);
		if (!span_equals(one->fact[i].text, other->fact[i].text))
			return one->fact[i].name;
	}
	return one->count == other->count ? NULL : "count of facts";
}
