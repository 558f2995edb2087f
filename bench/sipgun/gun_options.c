#include "gun_options.h"

#include "sip_message.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum kind { FLAG, COUNT, NUMBER, TEXT, PLACE, MAC, DEVICE, WORKLOAD, METHOD };

struct row {
	const char *name;
	const char *argument; /* NULL: none */
	const char *help;
	double least, greatest;
	size_t offset;	 /* in struct gun_options */
	size_t is_given; /* of a flag that says so; 0: none */
	uint32_t kind;
};

#define AT(field)	 offsetof(struct gun_options, field)
#define RATE_MAX	 1e8
#define CALLS_MAX	 16000000
#define MILLISECONDS_MAX 86400000

static const struct row rows[] = {
	{"--device", "DEVICE",
	 "af_packet:IFNAME, af_xdp:IFNAME, a PCI address, or a DPDK device as net_memif0,role=client,...;\n"
	 "given twice, the second carries the called side",
	 0, 0, 0, 0, DEVICE},
	{"--caller", "IP/PREFIX", "address of the calling side; [:PORT], 5060", 0, 0, AT(own[GUN_CALLER]), 0, PLACE},
	{"--callee", "IP/PREFIX", "address of the called side; [:PORT], 5060", 0, 0, AT(own[GUN_CALLEE]), 0, PLACE},
	{"--router", "IP[:PORT]", "where the router listens", 0, 0, AT(router[GUN_CALLER]), 0, PLACE},
	{"--router2", "IP[:PORT]", "where it listens for the called side, if that differs", 0, 0,
	 AT(router[GUN_CALLEE]), 0, PLACE},
	{"--router-mac", "MAC", "its Ethernet address; else it is asked for by ARP", 0, 0, AT(router_mac[GUN_CALLER]),
	 AT(has_router_mac[GUN_CALLER]), MAC},
	{"--router2-mac", "MAC", "the same on the called side's device", 0, 0, AT(router_mac[GUN_CALLEE]),
	 AT(has_router_mac[GUN_CALLEE]), MAC},
	{"--pool", "FILE", "who calls whom: rows 'user DOMAIN NAME PASSWORD' and 'dial DOMAIN NUMBER'", 0, 0, AT(pool),
	 0, TEXT},
	{"--workload", "NAME",
	 "call, invite_auth (credentials at once), register, in_dialog, flood (90 % garbage), options, replay", 0, 0,
	 AT(workload), 0, WORKLOAD},
	{"--rate", "N", "calls, registrations, requests a second, evenly spaced whatever comes back  [100]", 0.001,
	 RATE_MAX, AT(rate), 0, NUMBER},
	{"--duration", "S", "seconds that are measured  [10]", 0.001, 1e6, AT(duration_s), 0, NUMBER},
	{"--warm-up", "S", "seconds before them  [1]", 0, 1e6, AT(warm_up_s), 0, NUMBER},
	{"--drain", "S", "seconds after them, at most, for what is under way  [33; with --find-limit 2]", 0, 1e6,
	 AT(drain_s), 0, NUMBER},
	{"--calls-max", "N", "calls at a time  [20000]", 1, CALLS_MAX, AT(calls_max), 0, COUNT},
	{"--buffers", "N", "packets in memory  [16384]", 1024, CALLS_MAX, AT(buffers), 0, COUNT},
	{"--hold-ms", "N", "from ACK to BYE  [0]", 0, MILLISECONDS_MAX, AT(hold_ms), 0, COUNT},
	{"--ring-ms", "N", "from 180 to 200  [0]", 0, MILLISECONDS_MAX, AT(ring_ms), 0, COUNT},
	{"--method", "NAME", "of in_dialog: INVITE, INFO or OPTIONS  [INVITE]", 0, 0, AT(method), 0, METHOD},
	{"--expires", "S", "of registrations  [3600]", 0, 86400 * 365, AT(expires_s), 0, COUNT},
	{"--loss", "PERCENT", "of the messages sent are thrown away instead  [0]", 0, 100, AT(loss_percent), 0, NUMBER},
	{"--garbage", "PERCENT", "of the packets sent are garbage, beside the workload  [0; flood 90]", 0, 99.9,
	 AT(garbage_percent), 0, NUMBER},
	{"--garbage-from", "IP", "where garbage comes from  [the caller's address]", 0, 0, AT(garbage_from), 0, PLACE},
	{"--no-retransmit", NULL, "nothing is sent twice", 0, 0, AT(no_retransmit), 0, FLAG},
	{"--pcap", "FILE", "of replay: its UDP payloads over IPv4, in order", 0, 0, AT(pcap), 0, TEXT},
	{"--find-limit", NULL, "search the highest rate with less than 0.01 % failed", 0, 0, AT(find_limit), 0, FLAG},
	{"--fail-percent", "P", "exit status 1 when more calls failed  [100: never]", 0, 100, AT(fail_percent), 0,
	 NUMBER},
	{"--seed", "N", "of everything random  [1]", 0, UINT32_MAX, AT(seed), 0, COUNT},
	{"--lcore", "N", "the CPU to run on", 0, 4095, AT(lcore), AT(has_lcore), COUNT},
	{"--no-huge", NULL, "without hugepages", 0, 0, AT(no_huge), 0, FLAG},
	{"--json", NULL, "a JSON object a line instead of a table", 0, 0, AT(json), 0, FLAG},
	{"--progress", NULL, "a line a second on standard error", 0, 0, AT(progress), 0, FLAG},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const char *const workload_names[] = {
#define GUN_WORKLOAD(name, text, counts) text,
	GUN_WORKLOADS(GUN_WORKLOAD)
#undef GUN_WORKLOAD
};

static const char *const workload_counts[] = {
#define GUN_WORKLOAD(name, text, counts) counts,
	GUN_WORKLOADS(GUN_WORKLOAD)
#undef GUN_WORKLOAD
};

const char *gun_options_workload(uint32_t workload)
{
	return workload_names[workload];
}

const char *gun_options_counts(uint32_t workload)
{
	return workload_counts[workload];
}

static void print_help(void)
{
	printf("sipgun - plays both sides of SIP calls through a router, at a set rate, and measures\n\n"
	       "  sipgun --device DEVICE --caller IP/PREFIX --callee IP/PREFIX --router IP:PORT --pool FILE "
	       "[options]\n\n");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char *help = rows[i].help, *feed;
		int width = printf("  %s %s", rows[i].name, rows[i].argument ? rows[i].argument : "");
		while ((feed = strchr(help, '\n')) != NULL) {
			printf("%*s%.*s\n", 26 - width, "", (int)(feed - help), help);
			help = feed + 1;
			width = 0;
		}
		printf("%*s%s\n", 26 - width, "", help);
	}
	printf("\nA call: INVITE 407 ACK, INVITE with digest 100 180 200 ACK, BYE 200. The called side answers at "
	       "--callee.\n"
	       "An interface of af_packet or af_xdp is up and has no address of its own: sipgun answers ARP itself.\n"
	       "Exit status: 0 done, 1 more failed than --fail-percent, 2 it could not run.\n");
}

static bool say(const char *format, const char *name, const char *value)
{
	fprintf(stderr, "sipgun: ");
	fprintf(stderr, format, name, value);
	fprintf(stderr, "\n  sipgun --help shows what there is\n");
	return false;
}

static bool read_number(double *number, const struct row *row, const char *text)
{
	char *end;

	*number = strtod(text, &end);
	if (end == text || *end != '\0' || !(*number >= row->least && *number <= row->greatest)) {
		fprintf(stderr, "sipgun: %s %s: it takes a number from %g to %g\n", row->name, text, row->least,
			row->greatest);
		return false;
	}
	return true;
}

static bool read_place(struct gun_place *place, const struct row *row, const char *text)
{
	char address[INET_ADDRSTRLEN + 1];
	unsigned prefix = 32, port = 5060;
	size_t length = strcspn(text, "/:");
	const char *rest = text + length;
	int used = 0;

	snprintf(address, sizeof(address), "%.*s", (int)(length < sizeof(address) ? length : sizeof(address) - 1),
		 text);
	if (sscanf(rest, "/%u%n", &prefix, &used) == 1)
		rest += used;
	used = 0;
	if (sscanf(rest, ":%u%n", &port, &used) == 1)
		rest += used;
	if (inet_pton(AF_INET, address, &place->address_be) != 1 || *rest != '\0' || prefix > 32 || port == 0 ||
	    port > UINT16_MAX)
		return say("%s %s: it takes an IPv4 address, with /PREFIX and :PORT if need be", row->name, text);
	place->prefix = prefix;
	place->port_be = htons((uint16_t)port);
	return true;
}

static bool read_mac(struct gun_mac *mac, const struct row *row, const char *text)
{
	uint8_t *byte = mac->byte;
	int used = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4],
		   &byte[5], &used) != 6 ||
	    text[used] != '\0')
		return say("%s %s: it takes six hex bytes, as 02:00:00:00:00:0a", row->name, text);
	return true;
}

static bool read_workload(uint32_t *workload, const struct row *row, const char *text)
{
	for (*workload = 0; *workload < GUN_WORKLOAD_COUNT; (*workload)++)
		if (strcmp(text, workload_names[*workload]) == 0)
			return true;
	return say("%s %s: there is call, invite_auth, register, in_dialog, flood, options, replay", row->name, text);
}

static bool read_method(uint32_t *method, const struct row *row, const char *text)
{
	*method = strcmp(text, "INVITE") == 0 ? SIP_METHOD_INVITE
		  : strcmp(text, "INFO") == 0 ? SIP_METHOD_INFO
					      : SIP_METHOD_OPTIONS;
	return *method != SIP_METHOD_OPTIONS || strcmp(text, "OPTIONS") == 0 ||
	       say("%s %s: there is INVITE, INFO, OPTIONS", row->name, text);
}

static bool read_value(struct gun_options *options, const struct row *row, const char *text)
{
	char *at = (char *)options + row->offset;
	double number;

	if (row->is_given != 0)
		*((bool *)(void *)((char *)options + row->is_given)) = true;
	switch ((enum kind)row->kind) {
	case FLAG:
		*(bool *)at = true;
		return true;
	case NUMBER:
		return read_number((double *)(void *)at, row, text);
	case COUNT:
		if (!read_number(&number, row, text))
			return false;
		*(uint32_t *)(void *)at = (uint32_t)number;
		return true;
	case TEXT:
		*(const char **)(void *)at = text;
		return true;
	case PLACE:
		return read_place((struct gun_place *)(void *)at, row, text);
	case MAC:
		return read_mac((struct gun_mac *)(void *)at, row, text);
	case WORKLOAD:
		return read_workload((uint32_t *)(void *)at, row, text);
	case METHOD:
		return read_method((uint32_t *)(void *)at, row, text);
	case DEVICE:
		break;
	}
	if (options->device_count == GUN_SIDES)
		return say("%s %s: two devices are the most", row->name, text);
	options->device[options->device_count++] = text;
	return true;
}

static bool needs(bool is_given, const char *option, const char *why)
{
	return is_given || say("%s is needed%s", option, why);
}

static bool check(struct gun_options *options)
{
	uint32_t workload = options->workload;
	bool is_replay = workload == GUN_WORKLOAD_REPLAY, is_options = workload == GUN_WORKLOAD_OPTIONS;

	if (options->router[GUN_CALLEE].address_be == 0)
		options->router[GUN_CALLEE] = options->router[GUN_CALLER];
	if (options->device_count < GUN_SIDES && !options->has_router_mac[GUN_CALLEE]) {
		options->router_mac[GUN_CALLEE] = options->router_mac[GUN_CALLER];
		options->has_router_mac[GUN_CALLEE] = options->has_router_mac[GUN_CALLER];
	}
	if (options->drain_s < 0)
		options->drain_s = options->find_limit ? 2 : 33;
	if (workload == GUN_WORKLOAD_FLOOD && options->garbage_percent == 0)
		options->garbage_percent = 90;
	return needs(options->device_count > 0, "--device", "") &&
	       needs(options->own[GUN_CALLER].address_be != 0, "--caller", "") &&
	       needs(options->own[GUN_CALLEE].address_be != 0 || is_replay || is_options, "--callee", "") &&
	       needs(options->router[GUN_CALLER].address_be != 0, "--router", "") &&
	       needs(options->pool != NULL || is_replay || is_options, "--pool", ": nobody calls without") &&
	       needs(options->pcap != NULL || !is_replay, "--pcap", " for replay") &&
	       (!options->find_limit || (!is_replay && workload != GUN_WORKLOAD_IN_DIALOG) ||
		say("%s and --workload %s do not go together", "--find-limit", gun_options_workload(workload)));
}

enum gun_options_result gun_options_read(struct gun_options *options, int argc, char **argv)
{
	*options = (struct gun_options){.rate = 100,
					.duration_s = 10,
					.warm_up_s = 1,
					.drain_s = -1,
					.calls_max = 20000,
					.buffers = 16384,
					.fail_percent = 100,
					.seed = 1,
					.expires_s = 3600,
					.method = SIP_METHOD_INVITE};
	for (int i = 1; i < argc; i++) {
		const struct row *row = rows;
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help();
			return GUN_OPTIONS_HELP;
		}
		while (row < rows + ROW_COUNT && strcmp(argv[i], row->name) != 0)
			row++;
		bool is_known = row < rows + ROW_COUNT;
		if (!is_known || (row->argument != NULL && i + 1 == argc)) {
			say(is_known ? "%s needs %s behind it" : "%s: not understood%s", argv[i],
			    is_known ? row->argument : "");
			return GUN_OPTIONS_WRONG;
		}
		if (!read_value(options, row, row->argument ? argv[++i] : ""))
			return GUN_OPTIONS_WRONG;
	}
	return check(options) ? GUN_OPTIONS_OK : GUN_OPTIONS_WRONG;
}
