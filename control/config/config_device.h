/*
 * config_device.h - is the text of `device` one that its profile can use?
 */
#ifndef AMITY_CONFIG_DEVICE_H
#define AMITY_CONFIG_DEVICE_H

#include "config.h"
#include "config_schema.h"

/*
 * Profile kernel takes the name of an interface; direct a DPDK device with its arguments ("net_memif0,role=server") or
 * a PCI address. Whether the device exists shows at the start.
 *
 * Result: false when it cannot be such a name; `error` says why. Thread: any.
 */
bool config_device_check(const char *device, enum config_profile profile, char error[CONFIG_ERROR_BYTES_MAX]);

#endif
