/* What the plugin of the CUDA backend exports; plain C types only. The table of operations is a
 * Backend<float> of core/backend.h, of the version that aesop_cuda_version() names: a host with another
 * version must not open a device. */
#ifndef AESOP_CUDA_PLUGIN_H
#define AESOP_CUDA_PLUGIN_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aesop_cuda_device {
    char name[256];
    int64_t total_memory, free_memory; /* bytes */
    int major, minor;                  /* compute capability */
    int driver, runtime;               /* versions of CUDA: 1000 major + 10 minor */
    char reason[256];                  /* why the device cannot be used; empty if it can */
};

enum { AESOP_CUDA_OPENED = 0, AESOP_CUDA_UNUSABLE = 1, AESOP_CUDA_FORKED = 2, AESOP_CUDA_MEMORY = 3 };

typedef int aesop_cuda_version_function(void);
/* Describes up to `capacity` devices and returns how many there are. Of none, `reason` says why. */
typedef int aesop_cuda_devices_function(struct aesop_cuda_device *devices, int capacity, char *reason,
                                        int reason_size);
/* The device's table, or why there is none in `message`. precision: what the factors of products are rounded
 * to. Returns one of the values above. */
enum { AESOP_CUDA_FLOAT32 = 0, AESOP_CUDA_TF32 = 1, AESOP_CUDA_BF16 = 2 };
typedef int aesop_cuda_open_function(int device, int precision, const void **table, char *message,
                                     int message_size);
/* After a failure too; does not fail. */
typedef void aesop_cuda_close_function(const void *table);

#if defined(__GNUC__)
#define AESOP_EXPORT __attribute__((visibility("default")))
#else
#define AESOP_EXPORT
#endif
AESOP_EXPORT aesop_cuda_version_function aesop_cuda_version;
AESOP_EXPORT aesop_cuda_devices_function aesop_cuda_devices;
AESOP_EXPORT aesop_cuda_open_function aesop_cuda_open;
AESOP_EXPORT aesop_cuda_close_function aesop_cuda_close;

#ifdef __cplusplus
}
#endif
#endif
