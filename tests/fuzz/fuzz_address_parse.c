/* name-addr and addr-spec values, one after another, as they stand in a Contact or Route line. */
#include "fuzz_input.h"

#include "address_parse.h"

static bool is_same_address(const struct sip_address *a, const struct sip_address *b)
{
	return fuzz_input_same(a->value, b->value) && fuzz_input_same(a->display, b->display) &&
	       fuzz_input_same(a->uri, b->uri) && fuzz_input_same(a->parameters, b->parameters) &&
	       a->bracketed == b->bracketed;
}

static void check_address(const struct sip_address *address, struct span tag, struct span text, struct span rest)
{
	struct sip_address alone;
	struct span behind, tag_again, found;

	fuzz_input_must_hold(text, address->value);
	fuzz_input_must_hold(address->value, address->display);
	fuzz_input_must_hold(address->value, address->uri);
	fuzz_input_must_hold(address->value, address->parameters);
	fuzz_input_must_hold(address->parameters, tag);
	must(address->uri.length > 0);
	must(address->display.length == 0 || address->bracketed);
	if (tag.length)
		must(uri_find_parameter(&found, address->parameters, SPAN_LITERAL("tag")));

	/* The value says the same without its neighbours. */
	must(address_parse_with_tag(&alone, &tag_again, &behind, address->value));
	must(is_same_address(address, &alone) && fuzz_input_same(tag, tag_again) && behind.length == 0);

	fuzz_input_must_hold(text, rest);
	must(rest.length < text.length);
	must(rest.at + rest.length == text.at + text.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span text = fuzz_input_copy(fuzz_input_span(bytes, length)), at = text;

	do {
		struct sip_address address, second;
		struct span rest = {0}, rest_again = {0}, tag;
		memset(&address, 0xff, sizeof(address));
		memset(&second, 0, sizeof(second));
		bool parsed = address_parse_with_tag(&address, &tag, &rest, at);
		must(address_parse(&second, &rest_again, at) == parsed);
		if (!parsed)
			break;
		must(is_same_address(&address, &second) && fuzz_input_same(rest, rest_again));
		check_address(&address, tag, at, rest);
		at = rest;
	} while (at.length);
	fuzz_input_free(text);
	return 0;
}
