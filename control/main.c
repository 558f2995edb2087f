#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "log.h"
#include "memory.h"
#include "pattern_compile_serve.h"
#include "router_ready.h"

/* Exit statuses: as those of amityctl where they mean the same. */
enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
};

struct command_line {
	const char *config_path;
	const char *interface_name;
	const char *state_dir;
	const char *control_socket;
	const char *lcores;
	bool no_huge;
	bool check;
};

static const char usage[] =
	"amityd [--config FILE | --interface IFNAME] [options]\n\n"
	"  --config FILE       node configuration (amity.yaml)\n"
	"  --interface IFNAME  take the addresses of IFNAME, defaults for the rest\n"
	"  --check [FILE]      say everything that is wrong with the configuration, and the memory plan; start "
	"nothing\n"
	"  --state-dir D       where provisioning and registrations are kept\n"
	"  --socket S          where amityctl finds the router\n"
	"  --lcores LIST       CPUs of the workers, one worker each: \"1-3\", \"1,1,1\"\n"
	"  --no-huge           run without hugepages\n"
	"  --version, --help\n\n"
	"Without hugepages, privileges or a configuration at hand: sudo amityd --interface eth0 --no-huge\n";

/* Result: -1 to go on, else the exit status. */
static int read_command_line(struct command_line *line, int argument_count, char **arguments)
{
	enum { OPTION_CHECK = 256, OPTION_NO_HUGE, OPTION_VERSION };
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"interface", required_argument, NULL, 'i'},
		{"state-dir", required_argument, NULL, 'd'},
		{"socket", required_argument, NULL, 's'},
		{"lcores", required_argument, NULL, 'l'},
		{"check", no_argument, NULL, OPTION_CHECK},
		{"no-huge", no_argument, NULL, OPTION_NO_HUGE},
		{"version", no_argument, NULL, OPTION_VERSION},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argument_count, arguments, "c:i:d:s:l:h", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			line->config_path = optarg;
			break;
		case 'i':
			line->interface_name = optarg;
			break;
		case 'd':
			line->state_dir = optarg;
			break;
		case 's':
			line->control_socket = optarg;
			break;
		case 'l':
			line->lcores = optarg;
			break;
		case OPTION_CHECK:
			line->check = true;
			break;
		case OPTION_NO_HUGE:
			line->no_huge = true;
			break;
		case OPTION_VERSION:
			printf("amityd %s, %s\n", AMITY_VERSION, memory_allocator());
			return EXIT_DONE;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	/* `amityd --check FILE` */
	if (optind < argument_count && line->check && !line->config_path)
		line->config_path = arguments[optind++];
	if (optind < argument_count || (line->config_path && line->interface_name) ||
	    (!line->config_path && !line->interface_name)) {
		fprintf(stderr, "amityd: %s\n\n%s",
			optind < argument_count ? "a word too many"
						: "exactly one of --config FILE and --interface IFNAME is needed",
			usage);
		return EXIT_USAGE;
	}
	return -1;
}

static enum status set_option(struct config *config, const char *key, const char *value, const char *option,
			      struct problem_list *problems)
{
	return value ? config_set(config, key, value, option, problems) : STATUS_OK;
}

/* The file, then the options over it: everything wrong with either is told at once. */
static enum status read_configuration(struct config *config, const struct command_line *line,
				      struct problem_list *problems)
{
	enum status status;

	config_init(config);
	if (line->config_path)
		status = config_load(config, line->config_path, problems);
	else
		status = config_add_kernel_interface(config, line->interface_name, problems);
	const enum status options[] = {
		set_option(config, "node.state_dir", line->state_dir, "--state-dir", problems),
		set_option(config, "node.control_socket", line->control_socket, "--socket", problems),
		set_option(config, "node.lcores", line->lcores, "--lcores", problems),
		set_option(config, "node.memory", line->no_huge ? "no-huge" : NULL, "--no-huge", problems),
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && !status; i++)
		status = options[i];
	/* What spans items is worth saying also when a single one is wrong, unless nothing was read. */
	if (status != STATUS_IO) {
		enum status whole = config_validate(config, problems);
		status = status ? status : whole;
	}
	return status;
}

static int check(const struct config *config)
{
	struct dataplane_plan plan;

	router_plan(&plan, config);
	printf("the configuration is valid: %u interface(s), %u worker(s), state in %s, control socket %s\n",
	       config->interface_count, plan.worker_count, config->node.state_dir, config->node.control_socket);
	memory_print_plan(stdout, config, plan.worker_count, dataplane_memory_bytes(&plan));
	return EXIT_DONE;
}

static int serve(const struct config *config, struct problem_list *problems)
{
	static struct router router;

	if (memory_confirm(problems) || router_start(&router, config, problems))
		return EXIT_REFUSED;
	router_ready_print(&router, stdout);
	fflush(stdout);
	enum status status = router_run(&router);
	uint32_t missing = router_stop(&router);
	if (status)
		problem_add(problems, "the event loop failed: %s", status_text(status));
	if (missing)
		problem_add(problems, "%u packet buffers did not come back: please report this", missing);
	return status || missing ? EXIT_REFUSED : EXIT_DONE;
}

int main(int argument_count, char **arguments)
{
	static struct config config;
	struct command_line line = {0};
	struct problem_list problems = {0};
	if (pattern_compile_serve_is_asked(arguments))
		return pattern_compile_serve();
	int result = read_command_line(&line, argument_count, arguments);
	if (result >= 0)
		return result;
	/* A client that goes away is an error of write(), not the end of the router. */
	signal(SIGPIPE, SIG_IGN);
	if (read_configuration(&config, &line, &problems)) {
		result = EXIT_REFUSED;
	} else {
		log_open(config.log.level, config.log.format);
		result = line.check ? check(&config) : serve(&config, &problems);
	}
	if (problem_list_has_any(&problems)) {
		problem_list_print(&problems, stderr);
		fprintf(stderr, "amityd: %s\n",
			line.check ? "the configuration is not valid" : "not started, or ended with an error");
	}
	problem_list_free(&problems);
	return result;
}
