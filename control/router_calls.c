#include "router_calls.h"

#include <string.h>

#include "cdr_writer.h"
#include "dialled_memory.h"
#include "event_loop.h"
#include "inquirer.h"
#include "log.h"
#include "record_reader.h"
#include "tsc_clock.h"

_Static_assert(ROUTER_CALLS_ERROR_BYTES == CDR_FILE_ERROR_BYTES, "one text");

static void take_records(void *argument, const struct call_record *records, uint32_t count)
{
	struct router *router = argument;

	dialled_memory_take(router->dialled, records, count);
	for (uint32_t i = 0; i < count && router->cdr; i++)
		cdr_writer_take(router->cdr, &records[i]);
}

static enum status open_records(struct router *router, struct problem_list *problems)
{
	char error[CDR_FILE_ERROR_BYTES] = "";
	const char *path = router->config->cdr.path;
	struct event_base *base = event_loop_base(router->loop);

	if (*path) {
		enum status status = cdr_writer_open(&router->cdr, base, path, router->config->node.id, error);
		if (status) {
			problem_add(problems, "cdr.path: %s", *error ? error : status_text(status));
			return status;
		}
	}
	enum status status = dialled_memory_create(&router->dialled, DIALLED_MEMORY_CALLS_MAX);
	/* Without a file records are read all the same: what was dialled is remembered, and the rings do not fill. */
	if (status == STATUS_OK)
		status = record_reader_create(&router->records, router->dataplane, base, take_records, router);
	if (status) {
		dialled_memory_free(router->dialled);
		cdr_writer_close(router->cdr);
	}
	return status;
}

enum status router_calls_start(struct router *router, struct problem_list *problems)
{
	enum status status = inquirer_create(&router->inquirer, router->dataplane, event_loop_base(router->loop));

	if (status)
		return status;
	status = open_records(router, problems);
	if (status)
		inquirer_free(router->inquirer);
	return status;
}

/* Nobody will see their end: what the router knows of them is written now. */
static void record_living(struct router *router)
{
	struct call_record record;
	uint64_t cursor = 0, now_ms = tsc_clock_unix_ms();
	uint32_t count = 0;

	for (; dataplane_next_call(&record, router->dataplane, &cursor); count++) {
		record.state = CALL_ENDED;
		record.end = CALL_END_STOPPED;
		record.ended_ms = now_ms;
		if (router->cdr)
			cdr_writer_take(router->cdr, &record);
	}
	if (count)
		log_event(LOG_LEVEL_INFO, "calls_left", "count=%u", count);
}

void router_calls_stop(struct router *router)
{
	record_reader_free(router->records);
	dialled_memory_free(router->dialled);
	record_living(router);
	cdr_writer_close(router->cdr);
	inquirer_finish(router->inquirer);
	inquirer_free(router->inquirer);
}

enum status router_calls_check(const struct config *config, struct problem_list *problems)
{
	char error[CDR_FILE_ERROR_BYTES] = "";

	if (!*config->cdr.path || cdr_file_check(config->cdr.path, error) == STATUS_OK)
		return STATUS_OK;
	problem_add(problems, "cdr.path: %s", error);
	return STATUS_IO;
}

enum status router_calls_rotate(struct router *router, char error[ROUTER_CALLS_ERROR_BYTES])
{
	if (router->cdr)
		return cdr_writer_rotate(router->cdr, error);
	snprintf(error, ROUTER_CALLS_ERROR_BYTES, "no call records are written: cdr.path is not in the configuration");
	return STATUS_NOT_FOUND;
}

void router_calls_set_draining(struct router *router, bool draining)
{
	/* Relaxed: nothing else depends on the moment. */
	if (atomic_exchange_explicit(&router->dataplane->draining, draining, memory_order_relaxed) != draining)
		log_event(LOG_LEVEL_INFO, "drain", "new_calls=%s", draining ? "refused" : "taken");
}

bool router_calls_are_draining(const struct router *router)
{
	return atomic_load_explicit(&router->dataplane->draining, memory_order_relaxed);
}
