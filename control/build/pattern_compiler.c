#include "pattern_compiler.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hs.h>

#include "pattern_compile_serve.h"
#include "pattern_wire.h"

struct pattern_compiler {
	char *program;
	struct pattern_limits limits;
	pid_t process; /* 0: none runs */
	int descriptor;
};

/* Why a set was not compiled. */
enum refusal {
	REFUSAL_NONE,
	REFUSAL_TIME,
	REFUSAL_MEMORY,
	REFUSAL_DATABASE,
	REFUSAL_SCRATCH,
	REFUSAL_CRASH,
	REFUSAL_EVERYWAY, /* too much for Hyperscan, even as a pre-filter */
};

struct attempt {
	enum refusal refusal;
	uint64_t cpu_us;
};

enum status pattern_compiler_create(struct pattern_compiler **compiler, const char *program)
{
	struct pattern_compiler *created = calloc(1, sizeof(*created));
	char *copy = strdup(program);
	if (!created || !copy) {
		free(created);
		free(copy);
		return STATUS_NO_MEMORY;
	}
	*created = (struct pattern_compiler){
		.program = copy,
		.limits = {PATTERN_CPU_S_MAX, PATTERN_MEMORY_MB_MAX, PATTERN_DATABASE_BYTES_MAX,
			   PATTERN_SCRATCH_BYTES_MAX},
		.descriptor = -1,
	};
	*compiler = created;
	return STATUS_OK;
}

void pattern_compiler_set_limits(struct pattern_compiler *compiler, const struct pattern_limits *limits)
{
	compiler->limits = *limits;
	/* Memory is limited once in the life of a process. */
	pattern_compiler_rest(compiler);
}

void pattern_compiler_free(struct pattern_compiler *compiler)
{
	if (!compiler)
		return;
	pattern_compiler_rest(compiler);
	free(compiler->program);
	free(compiler);
}

/* ---- the process ---- */

/* Only its end of the socket goes along, and signals as a new program expects them: SIGXCPU must be able to end it. */
static int spawn(struct pattern_compiler *compiler, int descriptor)
{
	extern char **environ;
	char name[] = PATTERN_COMPILE_SERVE_NAME;
	char *arguments[] = {name, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	int failed = posix_spawn_file_actions_init(&actions);
	if (failed)
		return failed;
	failed = posix_spawnattr_init(&attributes);
	if (!failed) {
		failed |= posix_spawn_file_actions_adddup2(&actions, descriptor, PATTERN_WIRE_DESCRIPTOR);
		failed |= posix_spawn_file_actions_addclosefrom_np(&actions, PATTERN_WIRE_DESCRIPTOR + 1);
		failed |= posix_spawnattr_setsigmask(&attributes, &none);
		failed |= posix_spawnattr_setsigdefault(&attributes, &all);
		failed |= posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
		if (!failed)
			failed = posix_spawn(&compiler->process, compiler->program, &actions, &attributes, arguments,
					     environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

static enum status start(struct pattern_compiler *compiler)
{
	int pair[2];
	if (compiler->process)
		return STATUS_OK;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return STATUS_ENVIRONMENT;
	int failed = spawn(compiler, pair[1]);
	close(pair[1]);
	if (failed) {
		close(pair[0]);
		compiler->process = 0;
		return STATUS_ENVIRONMENT;
	}
	compiler->descriptor = pair[0];
	return STATUS_OK;
}

/* Result: how it ended, as waitpid() says. */
static int reap(struct pattern_compiler *compiler)
{
	int how = 0;
	close(compiler->descriptor);
	while (waitpid(compiler->process, &how, 0) < 0 && errno == EINTR)
		continue;
	compiler->process = 0;
	compiler->descriptor = -1;
	return how;
}

void pattern_compiler_rest(struct pattern_compiler *compiler)
{
	if (compiler->process)
		reap(compiler);
}

/* ---- one set ---- */

static enum status send_order(struct pattern_compiler *compiler, const struct span *pattern, uint32_t count)
{
	struct pattern_wire_request request = {
		.count = count, .cpu_s_max = compiler->limits.cpu_s, .memory_mb_max = compiler->limits.memory_mb};
	for (uint32_t i = 0; i < count; i++)
		request.bytes += pattern[i].length;
	size_t lengths_bytes = count * sizeof(uint32_t), body_bytes = lengths_bytes + request.bytes;
	char *body = malloc(body_bytes + 1);
	if (!body)
		return STATUS_NO_MEMORY;
	char *text = body + lengths_bytes;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(body + i * sizeof(uint32_t), &pattern[i].length, sizeof(uint32_t));
		memcpy(text, pattern[i].at, pattern[i].length);
		text += pattern[i].length;
	}
	bool sent = pattern_wire_send(compiler->descriptor, &request, sizeof(request)) &&
		    pattern_wire_send(compiler->descriptor, body, body_bytes);
	free(body);
	return sent ? STATUS_OK : STATUS_IO;
}

static enum refusal judge(const struct pattern_compiler *compiler, const struct pattern_wire_answer *answer)
{
	if (answer->status == STATUS_NO_MEMORY)
		return REFUSAL_MEMORY;
	if (answer->status != STATUS_OK)
		return REFUSAL_EVERYWAY;
	if (answer->database_bytes > compiler->limits.database_bytes)
		return REFUSAL_DATABASE;
	return answer->scratch_bytes > compiler->limits.scratch_bytes ? REFUSAL_SCRATCH : REFUSAL_NONE;
}

static enum status receive_product(struct pattern_product *product, const struct pattern_compiler *compiler,
				   const struct pattern_wire_answer *answer, uint32_t count)
{
	char *serialised = malloc(answer->serialised_bytes);
	struct pattern_product made = {.confirm = malloc(count)};
	enum status status = serialised && made.confirm ? STATUS_OK : STATUS_NO_MEMORY;
	if (status == STATUS_OK && !(pattern_wire_receive(compiler->descriptor, made.confirm, count) &&
				     pattern_wire_receive(compiler->descriptor, serialised, answer->serialised_bytes)))
		status = STATUS_IO;
	if (status == STATUS_OK &&
	    hs_deserialize_database(serialised, answer->serialised_bytes, &made.database) != HS_SUCCESS)
		status = STATUS_NO_MEMORY;
	free(serialised);
	if (status == STATUS_OK)
		*product = made;
	else
		pattern_compile_free(&made);
	return status;
}

/* Result: STATUS_OK with *attempt; *product is filled when there was no refusal. */
static enum status try_set(struct pattern_compiler *compiler, struct pattern_product *product, struct attempt *attempt,
			   const struct span *pattern, uint32_t count)
{
	struct pattern_wire_answer answer;
	*attempt = (struct attempt){0};
	enum status status = start(compiler);
	if (status == STATUS_OK)
		status = send_order(compiler, pattern, count);
	if (status == STATUS_OK) {
		if (!pattern_wire_receive(compiler->descriptor, &answer, sizeof(answer)))
			status = STATUS_IO;
		else if (answer.status == STATUS_ENVIRONMENT)
			status = STATUS_ENVIRONMENT;
	}
	if (status == STATUS_OK) {
		attempt->cpu_us = answer.cpu_us;
		attempt->refusal = judge(compiler, &answer);
		if (answer.status == STATUS_OK)
			status = receive_product(product, compiler, &answer, count);
		if (status == STATUS_OK && attempt->refusal == REFUSAL_NONE)
			return STATUS_OK;
	}
	/* What a compilation that ended badly left behind in the process ends with it. */
	int how = compiler->process ? reap(compiler) : 0;
	if (status == STATUS_OK && answer.status == STATUS_OK)
		pattern_compile_free(product);
	if (status != STATUS_IO)
		return status;
	if (WIFEXITED(how))
		return STATUS_ENVIRONMENT;
	attempt->refusal = WTERMSIG(how) == SIGXCPU ? REFUSAL_TIME : REFUSAL_CRASH;
	attempt->cpu_us = (uint64_t)compiler->limits.cpu_s * 1000000;
	return STATUS_OK;
}

/* ---- whose fault it is ---- */

static void explain(struct pattern_error *error, const struct pattern_compiler *compiler, enum refusal refusal,
		    bool alone)
{
	const struct pattern_limits *limits = &compiler->limits;
	char what[100];
	switch (refusal) {
	case REFUSAL_TIME:
		snprintf(what, sizeof(what), "more than %u s to compile", limits->cpu_s);
		break;
	case REFUSAL_MEMORY:
		snprintf(what, sizeof(what), "more than %u MB of memory to compile", limits->memory_mb);
		break;
	case REFUSAL_DATABASE:
		snprintf(what, sizeof(what), "tables of more than %u bytes", limits->database_bytes);
		break;
	case REFUSAL_SCRATCH:
		snprintf(what, sizeof(what), "more than %u bytes of memory to match", limits->scratch_bytes);
		break;
	case REFUSAL_CRASH:
	case REFUSAL_EVERYWAY:
	case REFUSAL_NONE:
	default:
		snprintf(what, sizeof(what), "more than the pattern compiler can do");
		break;
	}
	snprintf(error->message, sizeof(error->message),
		 alone ? "takes %s: write it with smaller counts"
		       : "and the patterns of the same list take %s; this one costs most: use fewer or simpler ones",
		 what);
	error->offset = 0;
}

/* Each alone, under the same limits: the first that fails, else the one that took longest. */
static enum status find_culprit(struct pattern_compiler *compiler, enum refusal refusal, const struct span *pattern,
				uint32_t count, struct pattern_error *error)
{
	uint64_t longest_us = 0;
	error->index = 0;
	for (uint32_t i = 0; i < count && count > 1; i++) {
		struct pattern_product product;
		struct attempt attempt;
		enum status status = try_set(compiler, &product, &attempt, &pattern[i], 1);
		if (status != STATUS_OK)
			return status;
		if (attempt.refusal != REFUSAL_NONE) {
			error->index = i;
			explain(error, compiler, attempt.refusal, true);
			return STATUS_INVALID;
		}
		pattern_compile_free(&product);
		if (attempt.cpu_us > longest_us) {
			longest_us = attempt.cpu_us;
			error->index = i;
		}
	}
	explain(error, compiler, refusal, count == 1);
	return STATUS_INVALID;
}

enum status pattern_compiler_run(struct pattern_compiler *compiler, struct pattern_product *product,
				 const struct span *pattern, uint32_t count, struct pattern_error *error)
{
	struct attempt attempt;
	enum status status = try_set(compiler, product, &attempt, pattern, count);
	if (status != STATUS_OK || attempt.refusal == REFUSAL_NONE)
		return status;
	return find_culprit(compiler, attempt.refusal, pattern, count, error);
}
