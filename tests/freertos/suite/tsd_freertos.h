/* What each task has of tsd in the image of the suite: a block of Rust's, in src/block.rs. */
#ifndef TSD_FREERTOS_H
#define TSD_FREERTOS_H

/* `Reserved` in src/block.rs. */
struct suite_block {
    _Alignas(8) unsigned char bytes[1536];
};

void suite_block_init(struct suite_block *block);
void suite_block_set(struct suite_block *block);
void suite_block_deinit(struct suite_block *block);

#define configUSE_C_RUNTIME_TLS_SUPPORT 1
#define configTLS_BLOCK_TYPE struct suite_block
#define configINIT_TLS_BLOCK(block, top) suite_block_init(&(block))
#define configSET_TLS_BLOCK(block) suite_block_set(&(block))
#define configDEINIT_TLS_BLOCK(block) suite_block_deinit(&(block))

#endif
