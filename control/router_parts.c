#include "router_parts.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "ban_table_write.h"
#include "caller_identify.h"
#include "command.h"
#include "ctl_wire.h"
#include "event_loop.h"
#include "failure_guard.h"
#include "inquirer.h"
#include "location_table.h"
#include "log.h"
#include "provision.h"
#include "publish.h"
#include "punt_reader.h"
#include "registrar.h"
#include "reinject.h"
#include "router_calls.h"
#include "router_network.h"
#include "rpc.h"
#include "tsc_clock.h"

#define ERROR_BYTES_MAX	    512
#define PROGRESS_INTERVAL_S 3
#define CLOCK_INTERVAL_S    60 /* how often the lcores' clock is tied anew to the system's */

enum status router_parts_fail(struct problem_list *problems, enum status status, const char *part, const char *error)
{
	problem_add(problems, "%s: %s", part, *error ? error : status_text(status));
	return status;
}

enum status router_parts_start_state(struct router *router, struct problem_list *problems)
{
	const char *directory = router->config->node.state_dir;
	char path[PATH_MAX + 16];

	if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
		problem_add(problems,
			    "cannot make the state directory %s: %s: make it, or choose another with --state-dir",
			    directory, strerror(errno));
		return STATUS_IO;
	}
	snprintf(path, sizeof(path), "%s/amityd.lock", directory);
	int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (descriptor < 0) {
		problem_add(problems, "cannot write to the state directory: %s: %s", path, strerror(errno));
		return STATUS_IO;
	}
	if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
		char pid[24] = "";
		ssize_t length = read(descriptor, pid, sizeof(pid) - 1);
		pid[length > 0 ? strcspn(pid, "\n") : 0] = '\0';
		problem_add(problems,
			    "another amityd (pid %s) runs on the state directory %s: stop it (`amityctl stop`), "
			    "or give this one its own with --state-dir and --socket",
			    *pid ? pid : "unknown", directory);
		close(descriptor);
		return STATUS_CONFLICT;
	}
	if (ftruncate(descriptor, 0) != 0 || dprintf(descriptor, "%d\n", (int)getpid()) < 0)
		log_event(LOG_LEVEL_WARNING, "lock_file_not_written", "path=%s errno=%d", path, errno);
	router->lock_descriptor = descriptor;
	return STATUS_OK;
}

void router_parts_stop_state(struct router *router)
{
	close(router->lock_descriptor);
	router->lock_descriptor = -1;
}

enum status router_parts_start_loop(struct router *router, struct problem_list *problems)
{
	(void)problems;
	return event_loop_create(&router->loop);
}

void router_parts_stop_loop(struct router *router)
{
	event_loop_free(router->loop);
}

enum status router_parts_start_dataplane(struct router *router, struct problem_list *problems)
{
	char error[DATAPLANE_ERROR_BYTES_MAX] = "";
	enum status status = dataplane_create(&router->dataplane, &router->plan, error, sizeof(error));
	return status ? router_parts_fail(problems, status, "data plane", error) : STATUS_OK;
}

void router_parts_stop_dataplane(struct router *router)
{
	router->packets_missing = dataplane_free(router->dataplane);
	if (router->packets_missing)
		log_event(LOG_LEVEL_ERROR, "packets_missing", "count=%u", router->packets_missing);
}

static void on_clock(evutil_socket_t descriptor, short what, void *argument)
{
	struct router *router = argument;
	struct publish_clock clock;

	(void)descriptor, (void)what;
	tsc_clock_read(&clock);
	if (publish_clock(router->publisher, &clock))
		log_event(LOG_LEVEL_WARNING, "clock_not_published", "reason=memory");
}

enum status router_parts_start_publisher(struct router *router, struct problem_list *problems)
{
	static const struct timeval interval = {.tv_sec = CLOCK_INTERVAL_S};
	struct event_base *base = event_loop_base(router->loop);
	enum status status = publisher_create(&router->publisher, router->dataplane, base);

	(void)problems;
	if (status)
		return status;
	on_clock(-1, 0, router);
	router->clock_event = event_new(base, -1, EV_PERSIST, on_clock, router);
	if (!router->clock_event || event_add(router->clock_event, &interval) != 0) {
		if (router->clock_event)
			event_free(router->clock_event);
		publisher_free(router->publisher);
		return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

void router_parts_stop_publisher(struct router *router)
{
	event_free(router->clock_event);
	publisher_free(router->publisher);
}

/* systemd's start timeout counts anew: one set of patterns may take as long (PATTERN_CPU_S_MAX_AT_START, on a busy
 * CPU). */
static void extend_start(void)
{
	sd_notify(0, "EXTEND_TIMEOUT_USEC=600000000");
}

/*
 * A first start with many companies takes a minute: people, and systemd, see that it goes on. The control thread may
 * build here: no lcore runs yet, no socket is open, nothing waits for it.
 */
static void on_build_progress(void *argument, uint32_t done, uint32_t total)
{
	struct router *router = argument;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec < router->progress_due_s)
		return;
	router->progress_due_s = now.tv_sec + PROGRESS_INTERVAL_S;
	extend_start();
	log_event(LOG_LEVEL_INFO, "building_tables", "companies=%u of=%u", done, total);
}

enum status router_parts_start_provision(struct router *router, struct problem_list *problems)
{
	const struct provision_options options = {
		.state_dir = router->config->node.state_dir,
		.node_id = (uint8_t)router->config->node.id,
		.publisher = router->publisher,
		.event_base = event_loop_base(router->loop),
		.pattern_compiler = "/proc/self/exe", /* main() asks whether it is that process */
	};
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	router->progress_due_s = now.tv_sec + PROGRESS_INTERVAL_S;
	extend_start();
	enum status status = provision_open(&router->provision, &options, problems);
	if (status)
		return status;
	status = provision_publish_initial(router->provision, on_build_progress, router, problems);
	if (status)
		provision_close(router->provision);
	return status;
}

void router_parts_stop_provision(struct router *router)
{
	provision_close(router->provision);
}

static enum status publish_tables(struct router *router)
{
	enum status status = publish_location(router->publisher, location_table_location(router->location), NULL);
	return status ? status : publish_bans(router->publisher, ban_table_write_table(router->bans), NULL);
}

enum status router_parts_start_tables(struct router *router, struct problem_list *problems)
{
	enum status status =
		location_table_create(&router->location, router->config->limits.max_bindings, router->dataplane);
	if (status)
		return router_parts_fail(problems, status, "limits.max_bindings: location table", "");
	status = ban_table_write_create(&router->bans, GUARD_BANS_MAX, router->dataplane);
	if (status)
		goto fail_location;
	status = failure_guard_create(&router->guard, router->bans, event_loop_base(router->loop));
	if (status)
		goto fail_bans;
	status = publish_tables(router);
	if (status)
		goto fail_guard;
	return STATUS_OK;
fail_guard:
	failure_guard_free(router->guard);
fail_bans:
	ban_table_write_free(router->bans);
fail_location:
	location_table_free(router->location);
	return status;
}

void router_parts_stop_tables(struct router *router)
{
	failure_guard_free(router->guard);
	ban_table_write_free(router->bans);
	location_table_free(router->location);
}

/* registrar.h: an endpoint by name and domain, in the directory that lives now. */
static bool find_endpoint(const void *argument, struct registrar_endpoint *found, struct span name, struct span domain)
{
	const struct router *router = argument;
	const struct directory *directory = provision_directory(router->provision);
	const struct company *company = directory ? company_find_by_domain(directory, domain) : NULL;
	const struct endpoint *endpoint = company ? endpoint_find(company, name) : NULL;

	if (!endpoint)
		return false;
	memcpy(found->aor_key, endpoint->aor_key, sizeof(found->aor_key));
	found->company_id = company->id;
	found->multi_contact = endpoint->multi_contact;
	return true;
}

enum status router_parts_start_registrar(struct router *router, struct problem_list *problems)
{
	char error[ERROR_BYTES_MAX] = "";
	enum status status = reinject_create(&router->reinject, router->dataplane);
	if (status)
		return status;
	const struct registrar_settings settings = {
		.state_dir = router->config->node.state_dir,
		.base = event_loop_base(router->loop),
		.reinject = router->reinject,
		.location = router->location,
		.max_bindings = router->config->limits.max_bindings,
		.min_expires_s = router->config->registrar.min_expires_s,
		.max_expires_s = router->config->registrar.max_expires_s,
		.find_endpoint = find_endpoint,
		.directory = router,
	};
	status = registrar_open(&router->registrar, &settings, error, sizeof(error));
	if (status == STATUS_OK) {
		status = registrar_restore(router->registrar, error, sizeof(error));
		if (status)
			registrar_close(router->registrar);
	}
	if (status == STATUS_OK)
		return STATUS_OK;
	reinject_free(router->reinject);
	return router_parts_fail(problems, status, "registrations", error);
}

void router_parts_stop_registrar(struct router *router)
{
	registrar_close(router->registrar);
	reinject_free(router->reinject);
}

enum status router_parts_start_lcores(struct router *router, struct problem_list *problems)
{
	char error[ERROR_BYTES_MAX] = "";
	enum status status = dataplane_start(router->dataplane, error, sizeof(error));
	return status ? router_parts_fail(problems, status, "lcores", error) : STATUS_OK;
}

void router_parts_stop_lcores(struct router *router)
{
	dataplane_stop(router->dataplane);
}

enum status router_parts_start_punts(struct router *router, struct problem_list *problems)
{
	const struct punt_handlers handlers = {
		.registrar = router->registrar,
		.take_register = registrar_take,
		.take_ping_answer = registrar_take_ping_answer,
		.kernel_send = router,
		.send_by_kernel = router_network_send,
		.guard = router->guard,
		.take_failure = failure_guard_take,
	};
	(void)problems;
	return punt_reader_create(&router->punts, router->dataplane, event_loop_base(router->loop), &handlers);
}

void router_parts_stop_punts(struct router *router)
{
	punt_reader_free(router->punts);
}

enum status router_parts_start_rpc(struct router *router, struct problem_list *problems)
{
	struct event_base *base = event_loop_base(router->loop);
	char read_only_path[CONFIG_SOCKET_BYTES_MAX + sizeof(CTL_READ_ONLY_SUFFIX)];
	struct rpc_server_options options = {
		.path = router->config->node.control_socket,
		.mode = 0660,
		.line_bytes_max = CTL_LINE_BYTES_MAX,
		.line_timeout_ms = CTL_LINE_TIMEOUT_MS,
		.write_timeout_ms = CTL_WRITE_TIMEOUT_MS,
		.clients_max = CTL_CLIENTS_MAX,
		.silent_ms_min = CTL_SILENT_MS_MIN,
		.methods = command_methods,
		.method_count = CTL_COMMAND_COUNT,
		.context = router,
		.params_fit = command_params_fit,
	};
	enum status status = rpc_server_open(&router->control, base, &options, problems);
	if (status)
		return status;
	snprintf(read_only_path, sizeof(read_only_path), "%s%s", router->config->node.control_socket,
		 CTL_READ_ONLY_SUFFIX);
	options.path = read_only_path;
	options.mode = 0666;
	options.read_only = true;
	options.line_bytes_max = CTL_LINE_BYTES_MAX_READ_ONLY;
	status = rpc_server_open(&router->control_read_only, base, &options, problems);
	if (status)
		rpc_server_close(router->control);
	return status;
}

void router_parts_stop_rpc(struct router *router)
{
	/* While those who asked can still be told what became of it. */
	provision_finish(router->provision);
	inquirer_finish(router->inquirer);
	rpc_server_close(router->control_read_only);
	rpc_server_close(router->control);
}

/* Of a terminal that closes, or of who moved the call records away: no reason to end calls. */
static const char *on_hangup(struct router *router)
{
	char error[ROUTER_CALLS_ERROR_BYTES];
	enum status status = router_calls_rotate(router, error);

	return status == STATUS_OK ? "cdr_rotated" : status == STATUS_NOT_FOUND ? "none" : "cdr_not_rotated";
}

static void on_signal(evutil_socket_t number, short what, void *argument)
{
	const char *effect = number == SIGHUP ? on_hangup(argument) : "stop";

	(void)what;
	log_event(LOG_LEVEL_INFO, "signal", "number=%d effect=%s", (int)number, effect);
	if (number != SIGHUP)
		router_request_stop(argument);
}

static void on_watchdog(evutil_socket_t descriptor, short what, void *argument)
{
	(void)descriptor, (void)what, (void)argument;
	sd_notify(0, "WATCHDOG=1");
}

/* systemd's watchdog, when it asked for one: half of its time, as sd_watchdog_enabled(3) advises. */
static bool start_watchdog(struct router *router)
{
	uint64_t limit_us = 0;
	if (sd_watchdog_enabled(0, &limit_us) <= 0)
		return true;
	const struct timeval interval = {.tv_sec = (time_t)(limit_us / 2000000),
					 .tv_usec = (suseconds_t)(limit_us / 2 % 1000000)};
	router->watchdog_event = event_new(event_loop_base(router->loop), -1, EV_PERSIST, on_watchdog, router);
	return router->watchdog_event && event_add(router->watchdog_event, &interval) == 0;
}

enum status router_parts_start_signals(struct router *router, struct problem_list *problems)
{
	static const int numbers[ROUTER_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
	bool complete = start_watchdog(router);

	(void)problems;
	for (size_t i = 0; i < ROUTER_SIGNALS && complete; i++) {
		router->signal_event[i] = evsignal_new(event_loop_base(router->loop), numbers[i], on_signal, router);
		complete = router->signal_event[i] && event_add(router->signal_event[i], NULL) == 0;
	}
	if (complete)
		return STATUS_OK;
	router_parts_stop_signals(router);
	return STATUS_NO_MEMORY;
}

/* The first to stop: from here on a second signal has its default effect and ends the process at once. */
void router_parts_stop_signals(struct router *router)
{
	for (size_t i = 0; i < ROUTER_SIGNALS; i++)
		if (router->signal_event[i])
			event_free(router->signal_event[i]);
	if (router->watchdog_event)
		event_free(router->watchdog_event);
}
