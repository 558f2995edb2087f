/*
 * sipgun.c - a load generator and measuring peer on DPDK: see gun_options.c for what it takes, gun_run.h for how it
 * works.
 */
#include "gun_limit.h"
#include "gun_report.h"

#include "scan.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum exit_status { EXIT_DONE, EXIT_CALLS_FAILED, EXIT_USAGE };

static void interrupt(int signal_number)
{
	(void)signal_number;
	gun_run_interrupt();
}

static enum exit_status shoot(struct gun_run *run, const struct gun_options *options)
{
	struct gun_result result;

	if (options->find_limit)
		return gun_limit_find(run) > 0 ? EXIT_DONE : EXIT_CALLS_FAILED;
	gun_run_measure(&result, run, options->rate);
	gun_report_print(run, &result);
	return result.failed_share * 100 > options->fail_percent ? EXIT_CALLS_FAILED : EXIT_DONE;
}

static enum exit_status refuse(const char *error)
{
	fprintf(stderr, "sipgun: %s\n", error);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct gun_options options;
	struct gun_pool pool = {0};
	char error[GUN_RUN_ERROR_BYTES];
	enum exit_status status;

	switch (gun_options_read(&options, argc, argv)) {
	case GUN_OPTIONS_HELP:
		return EXIT_DONE;
	case GUN_OPTIONS_WRONG:
		return EXIT_USAGE;
	case GUN_OPTIONS_OK:
		break;
	}
	scan_select_best();
	if (options.pool != NULL && !gun_pool_load(&pool, options.pool, error))
		return refuse(error);
	struct gun_run *run = calloc(1, sizeof(*run));
	if (run == NULL)
		return refuse("no memory");
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	status = gun_run_open(run, &options, &pool, error) ? shoot(run, &options) : refuse(error);
	gun_run_close(run);
	gun_pool_free(&pool);
	free(run);
	return status;
}
