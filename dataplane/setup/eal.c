#include "eal.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#define HUGEPAGES_PATH "/sys/kernel/mm/hugepages"
#define ARGUMENTS_MAX  16
#define LCORES_TEXT    4096
#define MEBIBYTE       (1ull << 20)

struct eal_arguments {
	char *value[ARGUMENTS_MAX + 1];
	int count;
	char lcores[LCORES_TEXT];
	char prefix[32];
	char megabytes[32];
};

static void add_argument(struct eal_arguments *arguments, const char *value)
{
	arguments->value[arguments->count++] =
		(char *)(uintptr_t)value; /* EAL's getopt permutes the array, not the text */
	arguments->value[arguments->count] = NULL;
}

static uint64_t read_free_hugepage_bytes(const char *directory_name)
{
	char path[512];
	unsigned long long size_kib = 0, free_count = 0;

	if (sscanf(directory_name, "hugepages-%llukB", &size_kib) != 1)
		return 0;
	snprintf(path, sizeof(path), HUGEPAGES_PATH "/%s/free_hugepages", directory_name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &free_count) != 1)
		free_count = 0;
	fclose(file);
	return size_kib * 1024 * free_count;
}

static uint64_t count_free_hugepage_bytes(void)
{
	uint64_t bytes = 0;
	DIR *directory = opendir(HUGEPAGES_PATH);

	if (directory == NULL)
		return 0;
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
		bytes += read_free_hugepage_bytes(entry->d_name);
	closedir(directory);
	return bytes;
}

static enum status choose_memory(struct setup *setup, struct eal_arguments *arguments,
				 const struct dataplane_plan *plan)
{
	uint64_t needed = setup_memory_bytes(plan), available = count_free_hugepage_bytes();

	if (plan->memory == MEMORY_HUGE && available < needed)
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "memory: %llu MiB of hugepages are needed, %llu MiB are free; "
				  "raise vm.nr_hugepages or set node.memory to auto",
				  (unsigned long long)(needed / MEBIBYTE), (unsigned long long)(available / MEBIBYTE));
	if (plan->memory != MEMORY_NO_HUGE && available >= needed) {
		add_argument(arguments, "--in-memory");
		return STATUS_OK;
	}
	/* EAL's --in-memory excludes --no-huge; without shared configuration nothing is written to the disk either. */
	snprintf(arguments->megabytes, sizeof(arguments->megabytes), "%llu",
		 (unsigned long long)((needed + MEBIBYTE - 1) / MEBIBYTE));
	add_argument(arguments, "--no-huge");
	add_argument(arguments, "--no-shconf");
	add_argument(arguments, "-m");
	add_argument(arguments, arguments->megabytes);
	return STATUS_OK;
}

/* EAL panics when it cannot pin a thread, so try every CPU first. */
static enum status check_cpu(struct setup *setup, uint32_t worker, uint32_t cpu, const cpu_set_t *allowed)
{
	cpu_set_t wanted;

	CPU_ZERO(&wanted);
	if (cpu < CPU_SETSIZE) {
		CPU_SET(cpu, &wanted);
		if (sched_setaffinity(0, sizeof(wanted), &wanted) == 0) {
			sched_setaffinity(0, sizeof(*allowed), allowed);
			return STATUS_OK;
		}
	}
	return setup_fail(
		setup, STATUS_INVALID,
		"node.lcores: worker %u cannot run on CPU %u: it does not exist or is not ours; %d CPUs are allowed",
		worker, cpu, CPU_COUNT(allowed));
}

/* The control thread keeps the CPUs it may run on; each worker is pinned: "0@(0,1),1@0,2@1". */
static enum status write_lcores(struct setup *setup, struct eal_arguments *arguments, const struct dataplane_plan *plan)
{
	cpu_set_t allowed;
	char *text = arguments->lcores;
	size_t used;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "cannot read the CPU affinity: %s", strerror(errno));
	used = (size_t)snprintf(text, LCORES_TEXT, "0@(");
	for (uint32_t cpu = 0, count = 0; cpu < CPU_SETSIZE && used < LCORES_TEXT / 2; cpu++)
		if (CPU_ISSET(cpu, &allowed) && cpu < RTE_MAX_LCORE)
			used += (size_t)snprintf(text + used, LCORES_TEXT - used, "%s%u", count++ ? "," : "", cpu);
	used += (size_t)snprintf(text + used, LCORES_TEXT - used, ")");
	for (uint32_t i = 0; i < plan->worker_count; i++) {
		enum status status = check_cpu(setup, i, plan->worker_cpu[i], &allowed);
		if (status != STATUS_OK)
			return status;
		used += (size_t)snprintf(text + used, LCORES_TEXT - used, ",%u@%u", i + 1, plan->worker_cpu[i]);
	}
	add_argument(arguments, "--lcores");
	add_argument(arguments, text);
	return STATUS_OK;
}

static bool names_pci_device(const struct dataplane_plan *plan)
{
	unsigned int domain, bus, device, function;

	for (uint32_t i = 0; i < plan->port_count; i++)
		if (plan->port[i].profile == PORT_DIRECT &&
		    sscanf(plan->port[i].device, "%x:%x:%x.%x", &domain, &bus, &device, &function) == 4)
			return true;
	return false;
}

/* EAL is there already: a test or bench that makes several data planes. */
static enum status reuse_eal(struct setup *setup, const struct dataplane_plan *plan)
{
	if (rte_lcore_count() < plan->worker_count + 1)
		return setup_fail(setup, STATUS_INVALID,
				  "DPDK runs with %u lcores; %u workers and the control thread need %u",
				  rte_lcore_count(), plan->worker_count, plan->worker_count + 1);
	return STATUS_OK;
}

enum status eal_start(struct setup *setup, const struct dataplane_plan *plan)
{
	struct eal_arguments arguments = {.count = 0};
	enum status status;

	if (rte_lcore_id() != LCORE_ID_ANY)
		return reuse_eal(setup, plan);
	add_argument(&arguments, "amity");
	status = choose_memory(setup, &arguments, plan);
	if (status == STATUS_OK)
		status = write_lcores(setup, &arguments, plan);
	if (status != STATUS_OK)
		return status;
	snprintf(arguments.prefix, sizeof(arguments.prefix), "--file-prefix=amity-%d", (int)getpid());
	add_argument(&arguments, arguments.prefix);
	add_argument(&arguments, "--no-telemetry");
	add_argument(&arguments, "--log-level=*:warning");
	/* It complains of what it does without (flow rules, other processes); what fails, we say. */
	add_argument(&arguments, "--log-level=pmd.net.tap:critical");
	if (!names_pci_device(plan)) {
		add_argument(&arguments, "--no-pci");
		add_argument(&arguments, "--iova-mode=va");
	}
	rte_openlog_stream(stderr); /* EAL's default writes to the system log as well */
	if (rte_eal_init(arguments.count, arguments.value) < 0)
		return setup_fail(setup, STATUS_ENVIRONMENT, "DPDK does not start: %s%s", rte_strerror(rte_errno),
				  geteuid() != 0 ? "; amityd needs root" : "");
	/* Empty, and not used without shared configuration. */
	rmdir(rte_eal_get_runtime_dir());
	return STATUS_OK;
}
