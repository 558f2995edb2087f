/* R21: what a registered contact becomes as Request-URI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "guard_page.h"
#include "request_uri.h"

struct row {
	const char *contact, *user, *expected; /* NULL: refused */
};

static const struct row rows[] = {
	/* ddi_in true: the number in place of the contact's user. */
	{"sip:s@192.0.2.10:5060", "2001", "sip:2001@192.0.2.10"},
	{"sip:192.0.2.10", "2001", "sip:2001@192.0.2.10"},
	{"sip:s:secret@10.0.0.5:5070;transport=UDP;line=abc;ob?X=1", "+34944000000",
	 "sip:+34944000000@10.0.0.5:5070;line=abc;ob"},
	{"sip:s@[2001:db8::5]:5060;Method=INVITE;transport=udp", "%231", "sip:%231@[2001:db8::5]"},
	{"SIP:s@pbx.example.net;transport=tcp;methods=x", "1", "SIP:1@pbx.example.net;transport=tcp;methods=x"},
	{"tel:+34944000000", "1", NULL},
	{"sip:s@", "1", NULL},
	{"", "1", NULL},
	/* ddi_in false, and users: untouched. */
	{"sip:s@192.0.2.10:5060;transport=udp", "", "sip:s@192.0.2.10:5060;transport=udp"},
	{"sip:bob@192.0.2.31;a=1;method=INVITE;b?X-Evil=1", "", "sip:bob@192.0.2.31;a=1;b"},
	{"sip:bo?b;x@192.0.2.31", "", "sip:bo?b;x@192.0.2.31"},
	{"tel:+34944000000", "", "tel:+34944000000"},
};

static void r21_rows(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		int length =
			request_uri_write(text, sizeof(text) - 1, span_of_text(row->contact), span_of_text(row->user));
		assert_int_equal(length, row->expected ? (int)strlen(row->expected) : -1);
		if (!row->expected)
			continue;
		text[length] = '\0';
		assert_string_equal(text, row->expected);
	}
}

/* Every prefix of every contact, into every room. */
static void r21_reads_and_writes_no_byte_too_far(void **state)
{
	struct guard_page in, out;

	(void)state;
	guard_page_build(&in, 256);
	guard_page_build(&out, 256);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t length = 0; length <= strlen(rows[i].contact); length++)
			for (uint32_t room = 0; room <= 64; room++) {
				struct span contact = guard_page_place(&in, span_make(rows[i].contact, length));
				int written = request_uri_write(guard_page_room(&out, room), room, contact,
								span_of_text(rows[i].user));
				assert_true(written <= (int)room);
			}
	guard_page_free(&in);
	guard_page_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r21_rows),
		cmocka_unit_test(r21_reads_and_writes_no_byte_too_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
