#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static enum status parse(struct config *config, const char *text, struct problem_list *problems)
{
	memset(problems, 0, sizeof(*problems));
	config_init(config);
	return config_load_text(config, text, strlen(text), "amity.yaml", problems);
}

static const struct problem *find_problem(const struct problem_list *problems, const char *key)
{
	for (uint32_t i = 0; i < problems->count; i++)
		if (problems->item[i].key && strcmp(problems->item[i].key, key) == 0)
			return &problems->item[i];
	return NULL;
}

/* The text must be refused for `key`, at that place. */
static void assert_refused(const char *text, const char *key, uint32_t line, uint32_t column)
{
	static struct config config;
	struct problem_list problems;

	assert_int_equal(parse(&config, text, &problems), STATUS_INVALID);
	const struct problem *problem = find_problem(&problems, key);
	if (!problem)
		problem_list_print(&problems, stderr);
	assert_non_null(problem);
	assert_int_equal(problem->line, line);
	assert_int_equal(problem->column, column);
	assert_string_equal(problem->file, "amity.yaml");
	problem_list_free(&problems);
}

static void test_defaults(void **state)
{
	static struct config config;

	(void)state;
	config_init(&config);
	assert_int_equal(config.node.id, 1);
	assert_string_equal(config.node.state_dir, "/var/lib/amity");
	assert_string_equal(config.node.control_socket, "/run/amity/amity.sock");
	assert_int_equal(config.node.lcores.count, 0);
	assert_int_equal(config.node.idle, CONFIG_IDLE_BALANCED);
	assert_int_equal(config.node.gather_us, 50);
	assert_int_equal(config.limits.max_bindings, 100000);
	assert_int_equal(config.limits.max_message_bytes, 65507);
	assert_int_equal(config.limits.max_transactions, 65536);
	assert_int_equal(config.limits.max_calls, 65536);
	assert_int_equal(config.limits.max_call_duration_s, 14400);
	assert_int_equal(config.digest.offer, CONFIG_DIGEST_ALL);
	assert_string_equal(config.cdr.path, "");
	assert_int_equal(config.registrar.min_expires_s, 60);
	assert_int_equal(config.registrar.max_expires_s, 7200);
}

static void test_every_key(void **state)
{
	static struct config config;
	struct problem_list problems;
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0xfe};
	enum status status = parse(&config,
				   "node: {id: 7, state_dir: /tmp/a, control_socket: /tmp/s, lcores: '1-2,1', idle: "
				   "spin, gather: 0, memory: no-huge}\n"
				   "interfaces:\n"
				   "  - {device: eth0, sip_port: 5080, mtu: 1400}\n"
				   "  - device: net_memif0,role=server\n"
				   "    profile: direct\n"
				   "    vlan: 100\n"
				   "    addresses: [192.0.2.1/24, '2001:db8::1/64', 192.0.2.3]\n"
				   "    peers: {192.0.2.2: '02:00:00:00:00:fe', '2001:db8::2': '02:00:00:00:00:02'}\n"
				   "limits: {max_bindings: 1000, max_message_bytes: 9000, max_transactions: 64,\n"
				   "  max_calls: 500, max_call_duration: 3600}\n"
				   "digest: {offer: md5}\n"
				   "cdr: {path: /var/log/amity/calls.json}\n"
				   "registrar: {min_expires: 30, max_expires: 600}\n"
				   "log: {level: debug, format: logfmt}\n",
				   &problems);

	(void)state;
	problem_list_print(&problems, stderr);
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(config.node.id, 7);
	assert_int_equal(config.node.lcores.count, 3);
	assert_int_equal(config.node.lcores.cpu[0], 1);
	assert_int_equal(config.node.lcores.cpu[1], 2);
	assert_int_equal(config.node.lcores.cpu[2], 1);
	assert_int_equal(config.node.idle, CONFIG_IDLE_SPIN);
	assert_int_equal(config.node.gather_us, 0);
	assert_int_equal(config.node.memory, CONFIG_MEMORY_NO_HUGE);
	assert_int_equal(config.interface_count, 2);
	assert_int_equal(config.interface[0].sip_port, 5080);
	assert_int_equal(config.interface[0].mtu_bytes, 1400);
	assert_int_equal(config.interface[1].profile, CONFIG_PROFILE_DIRECT);
	assert_int_equal(config.interface[1].address_count, 3);
	assert_int_equal(config.interface[1].prefix_bits[0], 96 + 24);
	assert_int_equal(config.interface[1].prefix_bits[1], 64);
	assert_int_equal(config.interface[1].prefix_bits[2], 128);
	assert_int_equal(config.interface[1].vlan, 100);
	assert_int_equal(config.interface[1].peer_count, 2);
	assert_memory_equal(config.interface[1].peer[0].mac, mac, 6);
	assert_int_equal(config.limits.max_message_bytes, 9000);
	assert_int_equal(config.limits.max_transactions, 64);
	assert_int_equal(config.limits.max_calls, 500);
	assert_int_equal(config.limits.max_call_duration_s, 3600);
	assert_int_equal(config.digest.offer, CONFIG_DIGEST_MD5);
	assert_string_equal(config.cdr.path, "/var/log/amity/calls.json");
	assert_int_equal(config.registrar.min_expires_s, 30);
	assert_int_equal(config.log.level, 3);
}

/* Columns of quoted texts are those of the first character inside. */
static void test_refusals_have_a_place(void **state)
{
	(void)state;
	assert_refused("node: {id: 256}\n", "node.id", 1, 12);
	assert_refused("node:\n  id: -1\n", "node.id", 2, 7);
	assert_refused("node:\n  id: [1]\n", "node.id", 2, 3);
	assert_refused("node:\n  colour: blue\n", "node.colour", 2, 3);
	assert_refused("colour: blue\n", "colour", 1, 1);
	assert_refused("node: 5\n", "node", 1, 7);
	assert_refused("node: {lcores: 3-1}\n", "node.lcores", 1, 16);
	assert_refused("node: {lcores: 0-32}\n", "node.lcores", 1, 16);
	assert_refused("node: {idle: sleepy}\n", "node.idle", 1, 14);
	assert_refused("node: {gather: 1001}\n", "node.gather", 1, 16);
	assert_refused("interfaces: {device: eth0}\n", "interfaces", 1, 1);
	assert_refused("interfaces:\n- eth0\n", "interfaces", 2, 3);
	assert_refused("interfaces:\n- {profile: kernel}\n", "interfaces.device", 1, 1);
	assert_refused("interfaces:\n- {device: a, addresses: [192.0.2.1/33]}\n", "interfaces.addresses", 2, 27);
	assert_refused("interfaces:\n- {device: a, peers: {192.0.2.1: '02:00'}}\n", "interfaces.peers", 2, 35);
	assert_refused("interfaces:\n- {device: a, sip_port: 0}\n", "sip_port", 2, 25);
	assert_refused("interfaces:\n- {device: a, vlan: 4095}\n", "vlan", 2, 21);
	assert_refused("limits: {max_message_bytes: 65508}\n", "limits.max_message_bytes", 1, 29);
	assert_refused("limits: {max_transactions: 63}\n", "limits.max_transactions", 1, 28);
	assert_refused("limits: {max_calls: 16777217}\n", "limits.max_calls", 1, 21);
	assert_refused("limits: {max_call_duration: 59}\n", "limits.max_call_duration", 1, 29);
	assert_refused("cdr: {path: [a]}\n", "cdr.path", 1, 7);
	assert_refused("node: {state_dir: ''}\n", "node.state_dir", 1, 20);
	assert_refused("interfaces:\n- {device: ''}\n", "interfaces.device", 1, 1);
}

static void test_devices(void **state)
{
	static const char *const wrong[] = {
		"device: 'net_memif0,role=server'", /* kernel is the default profile */
		"device: 'a b'",
		"device: a/b",
		"device: 'a:1'",
		"device: sixteen_bytes_xx",
		"device: eth0, profile: direct",
		"device: net_, profile: direct",
		"device: 'net_Memif0', profile: direct",
		"device: 'net_memif0,', profile: direct",
		"device: 'net_memif0,role', profile: direct",
		"device: 'net_memif0,role=', profile: direct",
		"device: 'net_memif0,=server', profile: direct",
		"device: 'net_memif0,role=server,', profile: direct",
		"device: '0000:03:00', profile: direct",
		"device: '0000:03:00.0y', profile: direct",
	};
	static const char *const right[] = {
		"device: eth0",
		"device: fifteen_bytes_x",
		"device: net_tap0, profile: direct",
		"device: 'net_tap0,iface=amity0,mac=02:00:00:00:00:05', profile: direct",
		"device: 'net_memif0,role=client,socket-abstract=no,socket=/run/m.sock', profile: direct",
		"device: '0000:03:00.0', profile: direct",
		"device: '03:00.1,a=b', profile: direct",
		"device: eth0, driver: af_xdp",
	};
	static struct config config;
	struct problem_list problems;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "interfaces:\n- {%s}\n", wrong[i]);
		assert_refused(text, "interfaces.device", 2, 12 + (wrong[i][8] == '\''));
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		snprintf(text, sizeof(text), "interfaces:\n- {%s}\n", right[i]);
		if (parse(&config, text, &problems) != STATUS_OK)
			problem_list_print(&problems, stderr);
		assert_int_equal(problems.count, 0);
	}
	assert_refused("interfaces:\n- {driver: af_xdp, device: net_null0, profile: direct}\n", "interfaces.driver", 2,
		       12);
	assert_refused("interfaces:\n- {device: eth0, driver: dpdk}\n", "driver", 2, 26);
}

/* Promised keys of later issues are refused, never ignored. */
static void test_later_keys_are_refused(void **state)
{
	(void)state;
	assert_refused("metrics: {listen: '127.0.0.1:9468'}\n", "metrics.listen", 1, 20);
}

static void test_all_problems_at_once(void **state)
{
	static struct config config;
	struct problem_list problems;

	(void)state;
	assert_int_equal(parse(&config, "node: {id: x, idle: y}\nlimits: {max_bindings: 1}\n", &problems),
			 STATUS_INVALID);
	assert_int_equal(problems.count, 3);
	problem_list_free(&problems);
}

static void test_syntax_and_emptiness(void **state)
{
	static struct config config;
	struct problem_list problems;

	(void)state;
	assert_int_equal(parse(&config, "node: {id: 1\n", &problems), STATUS_INVALID);
	assert_true(problems.count > 0);
	problem_list_free(&problems);
	assert_int_equal(parse(&config, "node: {id: 1, id: 2}\n", &problems), STATUS_INVALID);
	problem_list_free(&problems);
	assert_int_equal(parse(&config, "", &problems), STATUS_OK);
	assert_int_equal(parse(&config, "cdr: {path: ''}", &problems), STATUS_OK);
	assert_int_equal(parse(&config, "# nothing\nnode:\n", &problems), STATUS_OK);
}

/* On a directive with such a byte the parser would not end. */
static void test_what_is_no_text(void **state)
{
	static const struct span texts[] = {SPAN_LITERAL("node: {id: 1}\n%a \xa0\n"),
					    SPAN_LITERAL("node: {id: 1}\n%a \0\n"),
					    SPAN_LITERAL("node: {id: 1}\n%\xc3\xa4\xc3\n")};
	static struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct problem_list problems = {0};
		config_init(&config);
		assert_int_equal(config_load_text(&config, texts[i].at, texts[i].length, "amity.yaml", &problems),
				 STATUS_INVALID);
		assert_int_equal(problems.count, 1);
		assert_int_equal(problems.item[0].line, 2);
		assert_int_equal(problems.item[0].column, i == 2 ? 3 : 4);
		problem_list_free(&problems);
	}
}

/* "? a:" with a tab behind it crashed the parser. */
static void test_explicit_keys(void **state)
{
	static const char *const texts[] = {"? a:\t? b", "#\n  - ? a:\t- b", "node: {id: 1}\n?", "\r? a:\t\t? b"};
	static struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct problem_list problems = {0};
		config_init(&config);
		assert_int_equal(parse(&config, texts[i], &problems), STATUS_INVALID);
		assert_int_equal(problems.count, 1);
		assert_non_null(strstr(problems.item[0].message, "begins with a '?'"));
		problem_list_free(&problems);
	}
	struct problem_list problems = {0};
	assert_int_equal(parse(&config, "node: {state_dir: /a ? b}\n", &problems), STATUS_OK);
}

static void test_quotes_in_quotes(void **state)
{
	static struct config config;
	struct problem_list problems = {0};

	(void)state;
	config_init(&config);
	assert_int_equal(parse(&config, "node:\n  state_dir: '/it''s'\n", &problems), STATUS_OK);
	assert_string_equal(config.node.state_dir, "/it's");
	assert_int_equal(parse(&config, "node:\n  state_dir: '/\xc3\xa4''''b'\n", &problems), STATUS_INVALID);
	assert_int_equal(problems.count, 1);
	assert_int_equal(problems.item[0].line, 2);
	assert_int_equal(problems.item[0].column, 17);
	problem_list_free(&problems);
}

/* A file cut anywhere is valid or refused, and nothing leaks (sanitizers). */
static void test_prefixes(void **state)
{
	static const char text[] =
		"node: {id: 7, lcores: '1-2,1'}\ninterfaces:\n  - device: a\n    addresses: [192.0.2.1/24, foo]\n"
		"    peers: {192.0.2.2: '02:00:00:00:00:fe'}\n";
	static struct config config;

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		struct problem_list problems = {0};
		config_init(&config);
		if (config_load_text(&config, text, length, "amity.yaml", &problems))
			assert_true(problems.count > 0);
		problem_list_free(&problems);
	}
}

static void test_whole(void **state)
{
	static struct config config;
	struct problem_list problems = {0};

	(void)state;
	config_init(&config);
	assert_int_equal(config_validate(&config, &problems), STATUS_INVALID); /* no interface */
	problem_list_free(&problems);
	assert_int_equal(config_add_kernel_interface(&config, "eth0", &problems), STATUS_OK);
	assert_int_equal(config_validate(&config, &problems), STATUS_OK);
	assert_int_equal(config_add_kernel_interface(&config, "eth0", &problems), STATUS_OK);
	assert_int_equal(config_validate(&config, &problems), STATUS_INVALID); /* twice */
	problem_list_free(&problems);
	config.interface_count = 1;
	config.interface[0].profile = CONFIG_PROFILE_DIRECT;
	assert_int_equal(config_validate(&config, &problems), STATUS_INVALID); /* no addresses */
	problem_list_free(&problems);
	config.interface[0].profile = CONFIG_PROFILE_KERNEL;
	config.interface[0].vlan = 100;
	assert_int_equal(config_validate(&config, &problems), STATUS_INVALID);
	assert_non_null(strstr(problems.item[0].message, "device: eth0.100"));
	problem_list_free(&problems);
	config.interface[0].vlan = 0;
	assert_int_equal(config_set(&config, "registrar.min_expires", "7201", "--x", &problems), STATUS_OK);
	assert_int_equal(config_validate(&config, &problems), STATUS_INVALID);
	problem_list_free(&problems);
	assert_int_equal(config_set(&config, "node.lcores", "a", "--lcores", &problems), STATUS_INVALID);
	assert_int_equal(config_add_kernel_interface(&config, "", &problems), STATUS_INVALID);
	assert_int_equal(config_add_kernel_interface(&config, "net_tap0,iface=a", &problems), STATUS_INVALID);
	problem_list_free(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_refusals_have_a_place),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_later_keys_are_refused),
		cmocka_unit_test(test_all_problems_at_once),
		cmocka_unit_test(test_syntax_and_emptiness),
		cmocka_unit_test(test_what_is_no_text),
		cmocka_unit_test(test_explicit_keys),
		cmocka_unit_test(test_quotes_in_quotes),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
