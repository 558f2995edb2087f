#include "bench_messages.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

static struct span load_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(65536);
	if (file == NULL || bytes == NULL) {
		fprintf(stderr, "bench_messages: cannot read %s\n", path);
		exit(1);
	}
	size_t length = fread(bytes, 1, 65535, file);
	fclose(file);
	return span_make(bytes, length);
}

size_t bench_messages_load(struct bench_message messages[BENCH_MESSAGES_MAX], const char *folder, const char *suffix)
{
	char pattern[4096];
	glob_t found = {0};
	size_t count = 0;
	snprintf(pattern, sizeof(pattern), "%s/*%s", folder, suffix);
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "bench_messages: no files %s: run it from its build, or see bench/meson.build\n",
			pattern);
		exit(1);
	}
	if (found.gl_pathc > BENCH_MESSAGES_MAX) {
		fprintf(stderr, "bench_messages: more files %s than BENCH_MESSAGES_MAX\n", pattern);
		exit(1);
	}
	for (; count < found.gl_pathc; count++) {
		const char *name = strrchr(found.gl_pathv[count], '/') + 1;
		snprintf(messages[count].name, sizeof(messages[count].name), "%.*s",
			 (int)(strlen(name) - strlen(suffix)), name);
		messages[count].bytes = load_file(found.gl_pathv[count]);
	}
	globfree(&found);
	return count;
}

void bench_messages_free(struct bench_message *messages, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)messages[i].bytes.at);
}
