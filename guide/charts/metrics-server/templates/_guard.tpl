{{- define "metrics-server.image" -}}
{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- end }}

{{- /* Ends the rendering when the image is none that the chart knows, unless that was allowed. */}}
{{- define "metrics-server.guard" -}}
{{- $image := printf "%s/%s" .Values.image.registry .Values.image.repository }}
{{- $known := splitList "\n" (trim (index .Chart.Annotations "guide.lab/recognized-images")) }}
{{- if not (or (has $image $known) .Values.global.security.allowInsecureImages) }}
{{- fail (printf "this chart was made for other containers than these.\n\nUnrecognized images:\n  - %s\n\nWhoever knows better sets 'global.security.allowInsecureImages' to true." (include "metrics-server.image" .)) }}
{{- end }}
{{- end }}
