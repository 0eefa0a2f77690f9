# Program: ffmpeg
# About: threaded encoding, decoding and filters of generated video and sound; frames compared
# Packages: ffmpeg
# Tags: slow
# Timeout: 240

transcode() {
    ffmpeg -nostdin -v error "$@"
}

prepare() {
    transcode -f lavfi -i testsrc2=size=640x360:rate=25:duration=4 \
        -f lavfi -i sine=frequency=440:duration=4 -c:v ffv1 -c:a pcm_s16le -fflags +bitexact -flags +bitexact in.mkv
}

workload() {
    in="$INPUT/in.mkv"
    exact='-fflags +bitexact -flags +bitexact -map_metadata -1'
    transcode -i "$in" -threads 4 -c:v libx264 -preset medium -c:a aac $exact "$OUT/h264.mp4"
    transcode -i "$in" -threads 4 -c:v mpeg4 -c:a libmp3lame $exact "$OUT/mpeg4.avi"
    transcode -i "$in" -threads 4 -c:v libvpx -deadline good -cpu-used 4 -b:v 1M -an $exact "$OUT/vp8.webm"
    transcode -threads 4 -i "$OUT/h264.mp4" -f framemd5 "$OUT/decoded"
    transcode -threads 4 -i "$in" -filter_threads 4 -filter_complex \
        '[0:v]split=3[a][b][c];[a]scale=320:180,hflip[x];[b]boxblur=5,negate[y];[c]rotate=0.3[z];
        [y][x]overlay=10:10[w];[w][z]hstack' -f framemd5 "$OUT/filtered"
    transcode -i "$in" -af 'atempo=1.3,aecho=0.8:0.7:60:0.3,loudnorm' -f md5 - 2>/dev/null
    ffprobe -v error -count_frames -show_entries stream=codec_name,nb_read_frames -of csv "$OUT/h264.mp4"
    ! transcode -i no-such-file -f null - 2>&1
}
