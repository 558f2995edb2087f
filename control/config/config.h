/*
 * config.h - the node configuration (amity.yaml): what this machine is, not what it routes.
 *
 * Rows in config_schema.def say key, type, range, default and unit; config_load.c reads a file by them. Values are set
 * once at start.
 */
#ifndef AMITY_CONFIG_H
#define AMITY_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "net_address.h"
#include "problem.h"
#include "snapshot.h"
#include "status.h"
#include "wire.h"

#define CONFIG_DEVICE_BYTES_MAX 256
#define CONFIG_PEERS_MAX	64
#define CONFIG_SOCKET_BYTES_MAX 100 /* sun_path has 108, the read-only socket adds its suffix */

enum config_profile {
	CONFIG_PROFILE_KERNEL, /* a kernel interface, shared with the kernel */
	CONFIG_PROFILE_DIRECT, /* a DPDK virtual device; peers' MACs from the configuration */
};

/* How packets are taken from a kernel interface; positions of the words in config_interface.def. */
enum config_driver {
	CONFIG_DRIVER_AF_PACKET,
	CONFIG_DRIVER_AF_XDP,
};

/* What a worker does when there is nothing to do. */
enum config_idle {
	CONFIG_IDLE_SPIN,     /* never sleeps */
	CONFIG_IDLE_BALANCED, /* sleeps up to 200 us after 1,000 empty polls */
	CONFIG_IDLE_SAVE,     /* sleeps up to 2 ms, and between bursts while little comes */
};

/* What challenges offer. */
enum config_digest_offer {
	CONFIG_DIGEST_ALL,
	CONFIG_DIGEST_MD5,
};

enum config_memory {
	CONFIG_MEMORY_AUTO, /* hugepages when enough are free, else without */
	CONFIG_MEMORY_HUGE,
	CONFIG_MEMORY_NO_HUGE,
};

struct config_peer {
	uint8_t ip[16];
	uint8_t mac[6];
};

struct config_interface {
	char device[CONFIG_DEVICE_BYTES_MAX]; /* kernel: interface name; direct: DPDK vdev, "net_memif0,role=server" */
	uint32_t profile;		      /* enum config_profile */
	uint32_t driver;		      /* enum config_driver; kernel only */
	uint8_t address[WIRE_ADDRESSES_MAX][16]; /* none: those that the kernel has on the device */
	uint8_t prefix_bits[WIRE_ADDRESSES_MAX]; /* of the address, 0-128 (IPv4: 96 + n); 128 when none was written */
	uint32_t address_count;
	uint32_t sip_port;
	uint32_t mtu_bytes;			   /* 0: the device's own */
	uint32_t vlan;				   /* direct only; 0: untagged */
	struct config_peer peer[CONFIG_PEERS_MAX]; /* direct only */
	uint32_t peer_count;
};

struct config_lcores {
	uint16_t cpu[LCORES_MAX]; /* of each worker; the same CPU may serve several */
	uint32_t count;
};

struct config {
	struct {
		uint32_t id;
		char state_dir[PATH_MAX];
		char control_socket[CONFIG_SOCKET_BYTES_MAX];
		struct config_lcores lcores;
		uint32_t idle; /* enum config_idle */
		uint32_t gather_us;
		uint32_t memory; /* enum config_memory */
	} node;
	struct config_interface interface[WIRE_INTERFACES_MAX];
	uint32_t interface_count;
	struct {
		uint32_t max_bindings;
		uint32_t max_transactions;
		uint32_t max_calls;
		uint32_t max_call_duration_s;
		uint32_t max_message_bytes;
	} limits;
	struct {
		uint32_t min_expires_s;
		uint32_t max_expires_s;
	} registrar;
	struct {
		uint32_t offer; /* enum config_digest_offer */
	} digest;
	struct {
		char path[PATH_MAX]; /* empty: no records */
	} cdr;
	struct {
		uint32_t level;	 /* enum log_level */
		uint32_t format; /* enum log_format */
	} log;
};

/* Every item at its default, no interfaces. */
void config_init(struct config *config);

/*
 * Reads and validates `path`. Everything wrong is added to `problems`, not only the first thing.
 * Result: INVALID when something is wrong, IO when the file cannot be read; *config is then partly filled and not to be
 * used.
 */
enum status config_load(struct config *config, const char *path, struct problem_list *problems) AMITY_CHECKED;

/* The same from memory; `file` is the name that problems cite. */
enum status config_load_text(struct config *config, const char *text, size_t length, const char *file,
			     struct problem_list *problems) AMITY_CHECKED;

/* What only shows when all items are known: two interfaces of one device, min_expires over max_expires. */
enum status config_validate(const struct config *config, struct problem_list *problems) AMITY_CHECKED;

/* Sets one item from text (command line options): the same row, the same range. `source` names the option in problems.
 */
enum status config_set(struct config *config, const char *key, const char *value, const char *source,
		       struct problem_list *problems) AMITY_CHECKED;

/* The CPU that `lcores: auto` means: the last one that this process may run on. */
uint16_t config_last_cpu(void);

/* Adds an interface of profile kernel with defaults for the rest (`amityd --interface IFNAME`). */
enum status config_add_kernel_interface(struct config *config, const char *device,
					struct problem_list *problems) AMITY_CHECKED;

#endif
