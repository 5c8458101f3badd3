#!/bin/sh
# make_bz.sh HEADER.S GUEST OUT FOLDER CC...: the flat guest behind its bzImage header.
set -eu
header=$1 guest=$2 out=$3 folder=$4
shift 4
mkdir -p "$folder"
"$@" -m32 -c "$header" -o "$folder/header.o"
objcopy -O binary -j .text "$folder/header.o" "$folder/header"
objcopy -O binary "$guest" "$folder/image"
cat "$folder/header" "$folder/image" >"$out"
