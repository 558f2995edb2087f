/* Via values, one after another, as they stand in a header line. */
#include "fuzz_input.h"

#include "via_parse.h"

static bool is_same_via(const struct sip_via *a, const struct sip_via *b)
{
	return fuzz_input_same(a->value, b->value) && fuzz_input_same(a->transport, b->transport) &&
	       fuzz_input_same(a->host, b->host) && fuzz_input_same(a->branch, b->branch) &&
	       fuzz_input_same(a->received, b->received) && fuzz_input_same(a->rport, b->rport) && a->port == b->port &&
	       a->has_rport == b->has_rport;
}

static void check_via(const struct sip_via *via, struct span text, struct span rest)
{
	struct sip_via alone;
	struct span behind;

	fuzz_input_must_hold(text, via->value);
	fuzz_input_must_hold(via->value, via->transport);
	fuzz_input_must_hold(via->value, via->host);
	fuzz_input_must_hold(via->value, via->branch);
	fuzz_input_must_hold(via->value, via->received);
	fuzz_input_must_hold(via->value, via->rport);
	must(via->transport.length > 0 && via->host.length > 0);
	must(via->rport.length == 0 || via->has_rport);

	/* The value says the same without its neighbours. */
	must(via_parse(&alone, &behind, via->value));
	must(is_same_via(via, &alone) && behind.length == 0);

	fuzz_input_must_hold(text, rest);
	must(rest.length < text.length);
	must(rest.at + rest.length == text.at + text.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span text = fuzz_input_copy(fuzz_input_span(bytes, length)), at = text;

	do {
		struct sip_via via, second;
		struct span rest = {0}, rest_again = {0};
		memset(&via, 0xff, sizeof(via));
		memset(&second, 0, sizeof(second));
		bool parsed = via_parse(&via, &rest, at);
		must(via_parse(&second, &rest_again, at) == parsed);
		if (!parsed)
			break;
		must(is_same_via(&via, &second) && fuzz_input_same(rest, rest_again));
		check_via(&via, at, rest);
		at = rest;
	} while (at.length);
	fuzz_input_free(text);
	return 0;
}
