#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amityd_options.h"
#include "config.h"
#include "log.h"
#include "memory.h"
#include "pattern_compile_serve.h"
#include "router_calls.h"
#include "router_ready.h"

/* Exit statuses: as those of amityctl where they mean the same. */
enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
};

struct command_line {
	const char *value[AMITYD_OPTION_COUNT]; /* argument of an option, "" when it takes none; NULL: not given */
};

static void print_usage(FILE *out)
{
	fprintf(out, "amityd [--config FILE | --interface IFNAME] [options]\n\n");
	for (size_t i = 0; i < AMITYD_OPTION_COUNT; i++) {
		const struct amityd_option *option = &amityd_options[i];
		char left[40], letter[] = {'-', option->letter, ',', '\0'};
		snprintf(left, sizeof(left), "--%s %s", option->long_name, option->argument ? option->argument : "");
		fprintf(out, "  %-3s %-22s %s\n", option->letter ? letter : "", left, option->help);
	}
	fprintf(out, "\nWithout a configuration, and without hugepages: sudo amityd --interface eth0 --no-huge\n");
}

/* getopt_long's tables, from the rows; its results are the rows' indices, moved past all letters. */
#define RESULT_FIRST 256

static void write_tables(struct option known[AMITYD_OPTION_COUNT + 1], char letters[2 * AMITYD_OPTION_COUNT + 1])
{
	for (int i = 0; i < AMITYD_OPTION_COUNT; i++) {
		const struct amityd_option *option = &amityd_options[i];
		known[i] = (struct option){option->long_name, option->argument ? required_argument : no_argument, NULL,
					   RESULT_FIRST + i};
		if (option->letter)
			*letters++ = option->letter;
		if (option->letter && option->argument)
			*letters++ = ':';
	}
}

static int find_letter(int letter)
{
	for (int i = 0; i < AMITYD_OPTION_COUNT; i++)
		if (amityd_options[i].letter == letter)
			return i;
	return -1;
}

/* Result: false when getopt has told what is wrong. */
static bool read_options(struct command_line *line, int argument_count, char **arguments)
{
	struct option known[AMITYD_OPTION_COUNT + 1] = {0};
	char letters[2 * AMITYD_OPTION_COUNT + 1] = "";
	int result;

	write_tables(known, letters);
	while ((result = getopt_long(argument_count, arguments, letters, known, NULL)) != -1) {
		int option = result >= RESULT_FIRST ? result - RESULT_FIRST : find_letter(result);
		if (option < 0)
			return false;
		line->value[option] = optarg ? optarg : "";
	}
	return true;
}

/* Result: -1 to go on, else the exit status. */
static int read_command_line(struct command_line *line, int argument_count, char **arguments)
{
	const char **value = line->value;

	if (!read_options(line, argument_count, arguments)) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (value[AMITYD_OPTION_HELP]) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (value[AMITYD_OPTION_VERSION]) {
		printf("amityd %s, %s\n", AMITY_VERSION, memory_allocator());
		return EXIT_DONE;
	}
	/* `amityd --check FILE` */
	if (optind < argument_count && value[AMITYD_OPTION_CHECK] && !value[AMITYD_OPTION_CONFIG])
		value[AMITYD_OPTION_CONFIG] = arguments[optind++];
	if (optind < argument_count || !value[AMITYD_OPTION_CONFIG] == !value[AMITYD_OPTION_INTERFACE]) {
		fprintf(stderr, "amityd: %s\n\n",
			optind < argument_count ? "a word too many"
						: "exactly one of --config FILE and --interface IFNAME is needed");
		print_usage(stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* The options that stand for a key of the configuration. */
static const struct {
	enum amityd_option_id option;
	const char *key, *value; /* value NULL: the option's argument */
} settings[] = {
	{AMITYD_OPTION_STATE_DIR, "node.state_dir", NULL},
	{AMITYD_OPTION_SOCKET, "node.control_socket", NULL},
	{AMITYD_OPTION_LCORES, "node.lcores", NULL},
	{AMITYD_OPTION_NO_HUGE, "node.memory", "no-huge"},
};

static enum status apply_option(struct config *config, const struct command_line *line, size_t setting,
				struct problem_list *problems)
{
	const char *given = line->value[settings[setting].option];
	char name[32];

	if (!given)
		return STATUS_OK;
	snprintf(name, sizeof(name), "--%s", amityd_options[settings[setting].option].long_name);
	return config_set(config, settings[setting].key, settings[setting].value ? settings[setting].value : given,
			  name, problems);
}

/* The file, then the options over it: everything wrong with either is told at once. */
static enum status read_configuration(struct config *config, const struct command_line *line,
				      struct problem_list *problems)
{
	const char *path = line->value[AMITYD_OPTION_CONFIG];
	enum status status;

	config_init(config);
	if (path)
		status = config_load(config, path, problems);
	else
		status = config_add_kernel_interface(config, line->value[AMITYD_OPTION_INTERFACE], problems);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		enum status option = apply_option(config, line, i, problems);
		status = status ? status : option;
	}
	/* What spans items is worth saying also when a single one is wrong, unless nothing was read. */
	if (status != STATUS_IO) {
		enum status whole = config_validate(config, problems);
		status = status ? status : whole;
	}
	return status;
}

static int check(const struct config *config, struct problem_list *problems)
{
	char error[DATAPLANE_ERROR_BYTES_MAX] = "";
	struct dataplane_plan plan;

	if (router_calls_check(config, problems))
		return EXIT_REFUSED;
	router_plan(&plan, config);
	if (dataplane_check(&plan, error, sizeof(error))) {
		problem_add(problems, "%s", error);
		return EXIT_REFUSED;
	}
	printf("the configuration is valid: %u interface(s), %u worker(s), state in %s, control socket %s\n",
	       config->interface_count, plan.worker_count, config->node.state_dir, config->node.control_socket);
	const struct dataplane_memory memory = dataplane_memory(&plan);
	memory_print_plan(stdout, config, plan.worker_count, &memory);
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
		result = line.value[AMITYD_OPTION_CHECK] ? check(&config, &problems) : serve(&config, &problems);
	}
	if (problem_list_has_any(&problems)) {
		problem_list_print(&problems, stderr);
		fprintf(stderr, "amityd: %s\n",
			line.value[AMITYD_OPTION_CHECK] ? "the configuration is not valid"
							: "not started, or ended with an error");
	}
	problem_list_free(&problems);
	return result;
}
