#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_prompt.h"
#include "cli_show.h"
#include "ctl_wire.h"

int main(int argument_count, char **arguments)
{
	static const struct option known[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	struct cli_options options = {.socket_path = CTL_SOCKET_DEFAULT};
	int option;

	signal(SIGPIPE, SIG_IGN);
	/* '+': options after the command are the command's. */
	while ((option = getopt_long(argument_count, arguments, "+s:jh", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options.socket_path = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'h':
			return (int)cli_run_help();
		case 'v':
			printf("amityctl %s\n", AMITY_VERSION);
			return CLI_DONE;
		default:
			fprintf(stderr, "amityctl: see `amityctl help`\n");
			return CLI_USAGE;
		}
	}
	if (optind < argument_count)
		return (int)cli_run_words(&options, argument_count - optind, arguments + optind);
	if (isatty(STDIN_FILENO))
		return (int)cli_prompt_run(&options);
	cli_show_help(stderr);
	return CLI_USAGE;
}
