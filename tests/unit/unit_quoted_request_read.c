/* Which request an ICMP error quotes, however little of it there is. */
#include "quoted_request_read.h"

#include "guard_page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>

#include "sip_message.h"

#define TEXT_BYTES_MAX 1024

static struct guard_page guard;

static const struct branch_name name = {
	.node = 7, .worker = 2, .generation = 0xfedc, .slot = 0x00c0ffee, .secret = 0x0123456789abcdefull};

static bool read_text(struct quoted_request *quoted, const char *text, size_t length)
{
	return quoted_request_read(quoted, guard_page_place(&guard, span_make(text, length)));
}

/* `form` has one %s for the branch. */
static int write_text(char text[TEXT_BYTES_MAX], const char *form)
{
	char branch[BRANCH_NAME_TEXT_BYTES + 1] = "";

	branch_name_write(branch, &name);
	return snprintf(text, TEXT_BYTES_MAX, form, branch);
}

static void expect_name(const struct quoted_request *quoted, enum sip_method method)
{
	assert_int_equal(quoted->branch.node, name.node);
	assert_int_equal(quoted->branch.worker, name.worker);
	assert_int_equal(quoted->branch.generation, name.generation);
	assert_int_equal(quoted->branch.slot, name.slot);
	assert_int_equal(quoted->branch.secret, name.secret);
	assert_int_equal(quoted->method, method);
}

/* Before the branch is whole nothing is found, from there on always the same. */
static void test_every_cut(void **state)
{
	static const char form[] = "INVITE sip:2500@192.0.2.10:5060 SIP/2.0\r\n"
				   "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n"
				   "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;received=192.0.2.7\r\n"
				   "From: <sip:alice@acme.example.net>;tag=1\r\n";
	char text[TEXT_BYTES_MAX];
	int length = write_text(text, form);
	int whole = (int)(strstr(text, "branch=") - text) + 7 + BRANCH_NAME_TEXT_BYTES;

	(void)state;
	for (int cut = 0; cut <= length; cut++) {
		struct quoted_request quoted = {.method = 0xff};
		bool found = read_text(&quoted, text, (size_t)cut);
		assert_int_equal(found, cut >= whole);
		if (found)
			expect_name(&quoted, SIP_METHOD_INVITE);
		else
			assert_int_equal(quoted.method, 0xff);
	}
}

static void test_forms(void **state)
{
	static const struct {
		const char *form;
		bool found;
		enum sip_method method;
	} rows[] = {
		{"CANCEL sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::1]:5060;branch=%s\r\n\r\n", true,
		 SIP_METHOD_CANCEL},
		{"ACK sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s", true, SIP_METHOD_ACK},
		{"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=%s;x=y\r\n", true,
		 SIP_METHOD_BYE},
		{"PING sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n", true, SIP_METHOD_OTHER},
		{"INVITE sip:a@b SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\n", true, SIP_METHOD_INVITE},
		/* What we answered is about a server transaction, whosever branch it is. */
		{"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n", false, 0},
		/* Not where we write it. */
		{"INVITE sip:a@b SIP/2.0\r\nFrom: x\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n", false, 0},
		{"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7\r\nX: ;branch=%s\r\n", false, 0},
		{"INVITE sip:a@b;branch=%s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060\r\n", false, 0},
		{"INVITE\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n", false, 0},
		/* Not as we write it. */
		{"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%sA\r\n", false, 0},
		{"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=x%s\r\n", false, 0},
		{"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=%s\r\n", false, 0},
		{"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKping1%.0s\r\n", false, 0},
		{"\r\nINVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n", false, 0},
		{"%.0s", false, 0},
		{"\r\n\r\n%.0s", false, 0},
	};
	char text[TEXT_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct quoted_request quoted;
		int length = write_text(text, rows[i].form);
		if (read_text(&quoted, text, (size_t)length) != rows[i].found)
			fail_msg("row %zu: %s", i, text);
		if (rows[i].found)
			expect_name(&quoted, rows[i].method);
	}
}

/* One byte of the branch changed: another name or none, never the same one. */
static void test_every_byte_of_the_branch_counts(void **state)
{
	char text[TEXT_BYTES_MAX];
	int length = write_text(text, "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n");
	char *branch = strstr(text, "branch=") + 7;

	(void)state;
	for (int i = 0; i < BRANCH_NAME_TEXT_BYTES; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct quoted_request quoted = {.branch = {.node = 0}};
			branch[i] = (char)(branch[i] ^ 1 << bit);
			if (read_text(&quoted, text, (size_t)length))
				assert_false(quoted.branch.node == name.node && quoted.branch.worker == name.worker &&
					     quoted.branch.generation == name.generation &&
					     quoted.branch.slot == name.slot && quoted.branch.secret == name.secret);
			branch[i] = (char)(branch[i] ^ 1 << bit);
		}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, TEXT_BYTES_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_every_byte_of_the_branch_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
