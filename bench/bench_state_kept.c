#include "bench_state_kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hs.h>
#include <sodium.h>

#include "must.h"
#include "provision.h"
#include "provision_store.h"

#define KEPT_BYTES   80
#define NAME_BYTES   16
#define PATH_BYTES   (KEPT_BYTES + 2 * NAME_BYTES + 32)
#define KEPT_VERSION PROVISION_STORE_FORMAT

/* Nobody else may write what a bench, which may be root's, reads. */
static void make_directory(const char *path)
{
	struct stat found;

	must(mkdir(path, S_IRWXU) == 0 || errno == EEXIST);
	must(lstat(path, &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == geteuid());
	must((found.st_mode & (S_IWGRP | S_IWOTH)) == 0);
}

/* What decides whether compiled patterns may be loaded, and which. */
static void name_state(char name[2 * NAME_BYTES + 1], struct span document)
{
	crypto_generichash_state state;
	hs_platform_info_t cpu;
	unsigned char hash[NAME_BYTES];
	const uint32_t version = KEPT_VERSION;

	memset(&cpu, 0, sizeof(cpu));
	must(sodium_init() >= 0 && hs_populate_platform(&cpu) == HS_SUCCESS);
	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, (const unsigned char *)&version, sizeof(version));
	crypto_generichash_update(&state, (const unsigned char *)&cpu, sizeof(cpu));
	crypto_generichash_update(&state, (const unsigned char *)hs_version(), strlen(hs_version()));
	crypto_generichash_update(&state, (const unsigned char *)document.at, document.length);
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(name, 2 * NAME_BYTES + 1, hash, sizeof(hash));
}

static void note_result(void *argument, const struct apply_result *result)
{
	*(bool *)argument = result->accepted;
	if (!result->accepted)
		problem_list_print(result->problems, stderr);
}

/* What was there of an interrupted run goes on: the cache has what that run had compiled. */
static void make_state(const char *path, struct span document)
{
	struct provision_options options = {.state_dir = path, .node_id = 1, .pattern_compiler = "/proc/self/exe"};
	struct problem_list problems = {0};
	struct provision *provision;
	bool accepted = false;

	fprintf(stderr, "making the state, once, in %s\n", path);
	make_directory(path);
	must(provision_open(&provision, &options, &problems) == STATUS_OK);
	must(provision_apply(provision, document, "bench.yaml", note_result, &accepted) == STATUS_OK && accepted);
	provision_close(provision);
}

/* Another bench may be making the same. */
static int lock(const char *kept)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/lock", kept);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	must(fd >= 0 && flock(fd, LOCK_EX) == 0);
	return fd;
}

const char *bench_state_kept_obtain(struct span document)
{
	static char path[PATH_BYTES];
	char kept[KEPT_BYTES], name[2 * NAME_BYTES + 1], making[PATH_BYTES];

	snprintf(kept, sizeof(kept), "/var/tmp/amity-bench-%u", (unsigned)geteuid());
	make_directory(kept);
	name_state(name, document);
	snprintf(path, sizeof(path), "%s/%s", kept, name);
	snprintf(making, sizeof(making), "%s/%s.part", kept, name);
	int locked = lock(kept);
	if (access(path, F_OK) != 0) {
		make_state(making, document);
		must(rename(making, path) == 0);
	}
	close(locked);
	return path;
}
