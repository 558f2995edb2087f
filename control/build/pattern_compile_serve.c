#include "pattern_compile_serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <hs.h>

#include "pattern_compile.h"
#include "pattern_wire.h"

#define LOWER_PRIORITY 10 /* the control thread's work goes first */

bool pattern_compile_serve_is_asked(char **arguments)
{
	return arguments[0] && strcmp(arguments[0], PATTERN_COMPILE_SERVE_NAME) == 0;
}

static uint64_t used_cpu_us(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Over its time SIGXCPU ends the process: nothing else ends a compilation. */
static bool limit_time(uint32_t cpu_s_max)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_CPU, &limit) != 0)
		return false;
	limit.rlim_cur = used_cpu_us() / 1000000 + 1 + cpu_s_max;
	return setrlimit(RLIMIT_CPU, &limit) == 0;
}

/* Beyond what the program itself has mapped. */
static bool limit_memory(uint32_t memory_mb_max)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	bool known = file && fscanf(file, "%lu", &pages) == 1;
	if (file)
		fclose(file);
	struct rlimit limit = {0};
	if (!known || getrlimit(RLIMIT_AS, &limit) != 0)
		return false;
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)memory_mb_max << 20);
	return setrlimit(RLIMIT_AS, &limit) == 0;
}

struct order {
	struct pattern_wire_request request;
	struct span *pattern;
	uint32_t *length;
	char *text;
};

static void free_order(struct order *order)
{
	free(order->pattern);
	free(order->length);
	free(order->text);
}

static bool receive_order(struct order *order)
{
	*order = (struct order){0};
	if (!pattern_wire_receive(PATTERN_WIRE_DESCRIPTOR, &order->request, sizeof(order->request)))
		return false;
	uint32_t count = order->request.count;
	order->pattern = calloc(count, sizeof(*order->pattern));
	order->length = calloc(count, sizeof(*order->length));
	order->text = malloc(order->request.bytes);
	if (!order->pattern || !order->length || !order->text ||
	    !pattern_wire_receive(PATTERN_WIRE_DESCRIPTOR, order->length, count * sizeof(*order->length)) ||
	    !pattern_wire_receive(PATTERN_WIRE_DESCRIPTOR, order->text, order->request.bytes))
		return false;
	char *at = order->text;
	for (uint32_t i = 0; i < count; i++) {
		order->pattern[i] = span_make(at, order->length[i]);
		at += order->length[i];
	}
	return true;
}

static enum status measure(struct pattern_wire_answer *answer, char **serialised, const struct pattern_product *product)
{
	size_t database = 0, scratch = 0, length = 0;
	hs_scratch_t *memory = NULL;
	if (hs_database_size(product->database, &database) != HS_SUCCESS ||
	    hs_alloc_scratch(product->database, &memory) != HS_SUCCESS ||
	    hs_scratch_size(memory, &scratch) != HS_SUCCESS ||
	    hs_serialize_database(product->database, serialised, &length) != HS_SUCCESS)
		return STATUS_NO_MEMORY;
	hs_free_scratch(memory);
	if (database > UINT32_MAX || scratch > UINT32_MAX || length > UINT32_MAX)
		return STATUS_LIMIT;
	answer->database_bytes = (uint32_t)database;
	answer->scratch_bytes = (uint32_t)scratch;
	answer->serialised_bytes = (uint32_t)length;
	return STATUS_OK;
}

static bool fulfil(const struct order *order)
{
	struct pattern_product product = {0};
	struct pattern_wire_answer answer = {0};
	char *serialised = NULL;
	uint64_t before_us = used_cpu_us();
	enum status status = limit_time(order->request.cpu_s_max) ? STATUS_OK : STATUS_ENVIRONMENT;
	if (status == STATUS_OK)
		status = pattern_compile_run(&product, order->pattern, order->request.count);
	if (status == STATUS_OK)
		status = measure(&answer, &serialised, &product);
	answer.status = (uint32_t)status;
	answer.cpu_us = used_cpu_us() - before_us;
	bool sent = pattern_wire_send(PATTERN_WIRE_DESCRIPTOR, &answer, sizeof(answer));
	if (status == STATUS_OK)
		sent = sent && pattern_wire_send(PATTERN_WIRE_DESCRIPTOR, product.confirm, order->request.count) &&
		       pattern_wire_send(PATTERN_WIRE_DESCRIPTOR, serialised, answer.serialised_bytes);
	free(serialised);
	pattern_compile_free(&product);
	return sent;
}

int pattern_compile_serve(void)
{
	bool is_limited = false, goes_on = true;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, PATTERN_COMPILE_SERVE_NAME);
	if (nice(LOWER_PRIORITY) == -1)
		perror(PATTERN_COMPILE_SERVE_NAME ": nice");
	while (goes_on) {
		struct order order;
		goes_on = receive_order(&order);
		if (goes_on) {
			is_limited = is_limited || limit_memory(order.request.memory_mb_max);
			goes_on = is_limited && fulfil(&order);
		}
		free_order(&order);
	}
	return is_limited ? 0 : 1;
}
