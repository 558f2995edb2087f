/* The process dies in the middle of an apply, at every write and at any moment: the old revision or the new one, whole.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "cmocka_all.h"
#include "provision_rig.h"
#include "provision_store.h"

#define COMPANIES 60 /* a document of several pages */

static char *make_document(uint64_t version)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	fprintf(out, "companies:\n");
	for (int i = 0; i < COMPANIES; i++)
		fprintf(out,
			"  - name: company-%d-%llu\n    domain: c%d.test\n    country: ES\n    users:\n"
			"      - name: u\n        password: '%0100llu'\n",
			i, (unsigned long long)version, i, (unsigned long long)version);
	fclose(out);
	return text;
}

/* ---- a file system that ends the process ---- */

/* Files of different kinds have different methods. */
#define KINDS_MAX 4

static int writes_left;
static const sqlite3_io_methods *real_methods[KINDS_MAX];
static sqlite3_io_methods mortal_methods[KINDS_MAX];
static sqlite3_vfs *real_vfs, mortal_vfs;

static const sqlite3_io_methods *real(const sqlite3_file *file)
{
	return real_methods[file->pMethods - mortal_methods];
}

static void count_down(void)
{
	if (writes_left-- == 0)
		_exit(42);
}

/* Half of what was to be written is there when it happens. */
static int mortal_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	if (writes_left == 0)
		real(file)->xWrite(file, bytes, length / 2, offset);
	count_down();
	return real(file)->xWrite(file, bytes, length, offset);
}

static int mortal_sync(sqlite3_file *file, int flags)
{
	count_down();
	return real(file)->xSync(file, flags);
}

static int mortal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	count_down();
	return real(file)->xTruncate(file, size);
}

static int mortal_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *got)
{
	(void)vfs;
	int result = real_vfs->xOpen(real_vfs, name, file, flags, got);
	if (result != SQLITE_OK)
		return result;
	int i = 0;
	while (real_methods[i] && real_methods[i] != file->pMethods)
		assert_true(++i < KINDS_MAX);
	real_methods[i] = file->pMethods;
	mortal_methods[i] = *real_methods[i];
	mortal_methods[i].xWrite = mortal_write;
	mortal_methods[i].xSync = mortal_sync;
	mortal_methods[i].xTruncate = mortal_truncate;
	file->pMethods = &mortal_methods[i];
	return SQLITE_OK;
}

static void make_mortal(int writes)
{
	writes_left = writes;
	real_vfs = sqlite3_vfs_find(NULL);
	mortal_vfs = *real_vfs;
	mortal_vfs.zName = "mortal";
	mortal_vfs.xOpen = mortal_open;
	sqlite3_vfs_register(&mortal_vfs, 1);
}

/* ---- what is found afterwards ---- */

/* Result: the revision, whose document must be the one of that number in all that can be asked. */
static uint64_t look(void)
{
	struct provision *provision = provision_rig_open(NULL);
	uint64_t revision = provision_revision(provision);
	char *found = provision_rig_export(provision);
	if (revision > 0) {
		char *wanted = make_document(revision), *stored = NULL;
		struct problem_list problems = {0};
		assert_string_equal(found, wanted);
		assert_int_equal(provision_history_text(provision, revision, &stored, &problems), STATUS_OK);
		assert_string_equal(stored, wanted);
		assert_int_equal(provision_directory(provision)->company_count, COMPANIES);
		assert_int_equal(provision_directory(provision)->revision, revision);
		free(wanted);
		free(stored);
	}
	free(found);
	provision_close(provision);
	return revision;
}

static void at_every_write(void **state)
{
	(void)state;
	uint64_t revision = 0, deaths = 0, new_ones = 0;
	for (int writes = 0;; writes++) {
		char *next = make_document(revision + 1);
		fflush(NULL);
		pid_t child = fork();
		if (child == 0) {
			make_mortal(writes);
			struct provision *provision = provision_rig_open(NULL);
			struct provision_rig_answer answer = provision_rig_apply(provision, next);
			_exit(answer.accepted ? 0 : 1);
		}
		int status;
		waitpid(child, &status, 0);
		free(next);
		assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 42 || WEXITSTATUS(status) == 0));
		uint64_t found = look();
		assert_in_range(found, revision, revision + 1);
		bool lived = WEXITSTATUS(status) == 0;
		deaths += !lived;
		new_ones += !lived && found > revision;
		if (lived) {
			assert_int_equal(found, revision + 1);
			break;
		}
		revision = found;
	}
	/* Files are written many times in an apply, and the last of them come after the commit. */
	assert_true(deaths > 10);
	assert_true(new_ones >= 1);
}

static void at_any_moment(void **state)
{
	(void)state;
	uint64_t revision = 0;
	srandom(3);
	for (int round = 0; round < 25; round++) {
		int answered[2];
		assert_int_equal(pipe(answered), 0);
		fflush(NULL);
		pid_t child = fork();
		if (child == 0) {
			struct provision *provision = provision_rig_open(NULL);
			for (uint64_t i = revision + 1;; i++) {
				char *text = make_document(i);
				struct provision_rig_answer answer = provision_rig_apply(provision, text);
				free(text);
				if (!answer.accepted ||
				    write(answered[1], &answer.revision, sizeof(answer.revision)) < 0)
					_exit(1);
			}
		}
		close(answered[1]);
		uint64_t last = revision, one;
		for (long i = random() % 4; i > 0 && read(answered[0], &one, sizeof(one)) == sizeof(one); i--)
			last = one;
		usleep((useconds_t)(random() % 20000));
		kill(child, SIGKILL);
		int status;
		waitpid(child, &status, 0);
		assert_true(WIFSIGNALED(status));
		while (read(answered[0], &one, sizeof(one)) == sizeof(one))
			last = one;
		close(answered[0]);
		revision = look();
		assert_in_range(revision, last, last + 1);
	}
	assert_true(revision > 10);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, provision_rig_set_up, provision_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(at_every_write),
		CASE(at_any_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
