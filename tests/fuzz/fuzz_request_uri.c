/* The Request-URI of a registered contact (R21). The first line is the contact, the second the user that it is given.
 */
#include "fuzz_input.h"

#include "request_uri.h"
#include "uri_parse.h"

/* The given user at the contact's host; what must be left out is. */
static void check_for_user(struct span contact, struct span user, struct span written)
{
	struct sip_uri from, made;
	struct span value;

	must(uri_parse(&from, contact));
	if (!uri_parse(&made, written))
		return; /* the user was none */
	must(span_equals(made.host, from.host) && made.port == (from.port == 5060 ? 0 : from.port));
	must(made.headers.length == 0 && made.password.length == 0 && span_equals(made.user, user));
	must(!uri_find_parameter(&value, made.parameters, SPAN_LITERAL("transport")) ||
	     !span_equals_nocase(value, SPAN_LITERAL("udp")));
	must(!uri_find_parameter(&value, made.parameters, SPAN_LITERAL("method")) || value.length == 0);
}

static bool is_user(struct span user)
{
	for (uint32_t i = 0; i < user.length; i++)
		if (user.at[i] < '0' || user.at[i] > '9')
			return false;
	return user.length > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length);
	struct span contact = fuzz_input_copy(fuzz_input_line(&input)), user = fuzz_input_copy(fuzz_input_line(&input));
	uint32_t room = contact.length + user.length + 8;
	char *text = malloc(room);

	must(text != NULL);
	int written = request_uri_write(text, room, contact, user);
	must(written <= (int)room);
	if (user.length == 0)
		must(written >= 0 && written <= (int)contact.length);
	if (written > 0) {
		char *exact = malloc((size_t)written);
		must(exact != NULL);
		must(request_uri_write(exact, (uint32_t)written, contact, user) == written);
		must(memcmp(exact, text, (size_t)written) == 0);
		must(request_uri_write(exact, (uint32_t)written - 1, contact, user) == -1);
		free(exact);
		if (is_user(user))
			check_for_user(contact, user, span_make(text, (size_t)written));
	}
	free(text);
	fuzz_input_free(user);
	fuzz_input_free(contact);
	return 0;
}
