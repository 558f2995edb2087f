#include "binding_record.h"

void binding_record_list_copy(struct binding_list *to, const struct binding_list *from)
{
	to->count = from ? from->count : 0;
	if (to->count)
		memcpy(to->binding, from->binding, to->count * sizeof(to->binding[0]));
}

/* Where the user part of a URI starts and where the rest (host, port, parameters) does. */
static void split_contact(struct span *user, struct span *rest, struct span contact)
{
	const char *colon = memchr(contact.at, ':', contact.length);
	struct span text = colon ? span_skip(contact, (uint32_t)(colon - contact.at) + 1) : contact;
	const char *question = memchr(text.at, '?', text.length);
	const char *at = memchr(text.at, '@', question ? (size_t)(question - text.at) : text.length);
	*user = at ? span_make(text.at, (size_t)(at - text.at)) : (struct span){0};
	*rest = at ? span_skip(text, user->length + 1) : text;
}

/* Parameters in another order make another contact here, unlike in RFC 3261 19.1.4: devices repeat what they sent. */
static bool is_same_contact(struct span a, struct span b)
{
	struct span user_a, user_b, rest_a, rest_b;
	if (a.length != b.length)
		return false;
	if (span_equals(a, b))
		return true;
	split_contact(&user_a, &rest_a, a);
	split_contact(&user_b, &rest_b, b);
	return span_equals(user_a, user_b) && span_equals_nocase(rest_a, rest_b);
}

uint32_t binding_record_list_find(const struct binding_list *list, struct span contact)
{
	uint32_t i = 0;
	while (i < list->count && !is_same_contact(list->binding[i].contact, contact))
		i++;
	return i;
}

bool binding_record_list_add(struct binding_list *list, const struct binding_record *record)
{
	if (list->count == BINDINGS_PER_AOR_MAX + 1)
		return false;
	list->binding[list->count++] = *record;
	return true;
}

void binding_record_list_remove(struct binding_list *list, uint32_t index)
{
	list->count--;
	memmove(&list->binding[index], &list->binding[index + 1], (list->count - index) * sizeof(list->binding[0]));
}

static bool is_better(const struct binding_record *a, const struct binding_record *b)
{
	return a->q != b->q ? a->q > b->q : a->registered_unix_s > b->registered_unix_s;
}

void binding_record_list_sort(struct binding_list *list)
{
	for (uint32_t i = 1; i < list->count; i++) {
		struct binding_record record = list->binding[i];
		uint32_t place = i;
		for (; place > 0 && is_better(&record, &list->binding[place - 1]); place--)
			list->binding[place] = list->binding[place - 1];
		list->binding[place] = record;
	}
}
